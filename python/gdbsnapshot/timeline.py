# SPDX-License-Identifier: GPL-3.0-or-later
"""
Which snapshot of a process comes after which, counted in resumptions: a tree.

A resumption is what the user typed to let the process run (`step`, `next`, `continue`,
…), up to the stop that was seen.  Going back and running on makes a branch.  Names
alone are kept here, and nothing of what they stand for.
"""

from dataclasses import dataclass
from typing import Container, Iterator, Optional

from .problem import Problem


@dataclass
class _Node:
    parent: Optional[str]
    resumptions: int
    """Since the parent."""
    future: Optional[str] = None
    """The child that the process was at last: where redo goes."""


@dataclass
class Present:
    """Where a process is."""

    mark: str
    """What it was last saved as, or put back to, or the nearest before that is left."""
    resumptions: int = 0
    """Since then."""
    is_changed: bool = False
    """The user has written to it since the last of these."""

    @property
    def is_marked(self) -> bool:
        return not self.resumptions and not self.is_changed


@dataclass(frozen=True)
class Row:
    """A snapshot in the tree."""

    name: str
    depth: int
    """How many younger branches go by it: 0 for those on the youngest."""


class Timeline:
    """The tree of all processes' snapshots, and where each process is."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._present: dict[int, Present] = {}

    def present(self, pid: int) -> Optional[Present]:
        return self._present.get(pid)

    def add(self, name: str) -> None:
        """There is a snapshot of which nothing is known: of a file, or a first one."""
        self._nodes[name] = _Node(None, 0)

    def mark(self, pid: int, name: str) -> None:
        """A process was saved where it is."""
        here = self._present.get(pid)
        if here is None:
            self._nodes[name] = _Node(None, 0)
        else:
            self._nodes[name] = _Node(here.mark, here.resumptions)
            self._nodes[here.mark].future = name
        self._present[pid] = Present(name)

    def arrive(self, pid: int, name: str) -> None:
        """A process was put back to a snapshot; going back remembers the way forth."""
        self._present[pid] = Present(name)
        node = self._nodes[name]
        while node.parent is not None:
            self._nodes[node.parent].future = name
            name, node = node.parent, self._nodes[node.parent]

    def resumed(self, pid: int) -> None:
        """A process has run, and was seen to stop."""
        here = self._present.get(pid)
        if here is not None:
            here.resumptions += 1
            here.is_changed = False

    def changed(self, pid: int) -> None:
        """The user has written to a process."""
        here = self._present.get(pid)
        if here is not None:
            here.is_changed = True

    def lose(self, pid: int) -> None:
        """Nobody knows where a process is, or it has ended."""
        self._present.pop(pid, None)

    def rename(self, old: str, new: str) -> None:
        self._nodes = {
            new if name == old else name: node for name, node in self._nodes.items()
        }
        for node in self._nodes.values():
            node.parent = new if node.parent == old else node.parent
            node.future = new if node.future == old else node.future
        for here in self._present.values():
            here.mark = new if here.mark == old else here.mark

    def remove(self, name: str) -> None:
        """What came after a snapshot comes after the one before it then."""
        gone = self._nodes.pop(name)
        for node in self._nodes.values():
            if node.parent == name:
                node.parent = gone.parent
                node.resumptions += gone.resumptions
            if node.future == name:
                node.future = gone.future
        for pid, here in list(self._present.items()):
            if here.mark != name:
                continue
            if gone.parent is None:
                del self._present[pid]
            else:
                here.mark = gone.parent
                here.resumptions += gone.resumptions

    def back(self, pid: int, count: int) -> str:
        """The snapshot so many resumptions ago."""
        here = self._known(pid)
        name: Optional[str] = here.mark
        passed = here.resumptions
        while name is not None:
            if passed == count:
                return name
            node = self._nodes[name]
            if passed > count:
                raise _not_kept(count, passed, name, "ago", "undo")
            name, passed = node.parent, passed + node.resumptions
        raise Problem(
            f"{_times(count)} ago there was no snapshot yet", self._first(here)
        )

    def forward(self, pid: int, count: int) -> str:
        """The snapshot so many resumptions on, where the process was before."""
        here = self._known(pid)
        if not here.is_marked:
            raise Problem(
                "the process has gone on, or was changed, since it was put back: there"
                " is nothing to redo",
                "Other futures are in 'snapshot list', for 'snapshot restore'",
            )
        passed, found = 0, ""
        name = self._nodes[here.mark].future
        while name is not None:
            node = self._nodes[name]
            passed += node.resumptions
            if passed > count:
                break
            if passed == count:
                found = name
            name = node.future
        if found:
            return found
        if name is not None:
            raise _not_kept(count, passed, name, "on", "redo")
        if not passed:
            raise Problem(
                "nothing was undone that could be redone",
                "See 'snapshot list' for the snapshots there are",
            )
        raise Problem(
            f"only {_times(passed)} can be redone",
            f"Use 'snapshot redo {passed}'",
        )

    def path(self, pid: int) -> list[str]:
        """The snapshots that led to where a process is, the oldest first."""
        here = self._present.get(pid)
        return self.path_to(here.mark) if here else []

    def path_to(self, mark: str) -> list[str]:
        """The snapshots that led to one, and that one, the oldest first."""
        found = []
        name: Optional[str] = mark
        while name is not None:
            found.append(name)
            name = self._nodes[name].parent
        return found[::-1]

    def resumptions(self, name: str) -> int:
        """From the snapshot before to this one."""
        return self._nodes[name].resumptions

    def parent(self, name: str) -> Optional[str]:
        return self._nodes[name].parent

    def rows(self) -> list[Row]:
        """
        All snapshots in the order they were taken, except where a branch was left and
        taken up again later: then it stands behind those that were taken meanwhile.
        """
        order = {name: number for number, name in enumerate(self._nodes)}
        children: dict[Optional[str], list[str]] = {}
        for name, node in self._nodes.items():
            children.setdefault(node.parent, []).append(name)
        youngest = dict(order)
        for name in reversed(list(self._nodes)):
            parent = self._nodes[name].parent
            if parent is not None:
                youngest[parent] = max(youngest[parent], youngest[name])
        rows = []
        # Not by recursion: a thousand steps are a thousand generations.
        waiting = [(name, 0) for name in reversed(children.get(None, []))]
        while waiting:
            name, depth = waiting.pop()
            rows.append(Row(name, depth))
            young = sorted(children.get(name, []), key=youngest.__getitem__)
            for number, child in reversed(list(enumerate(young, 1))):
                waiting.append((child, depth + len(young) - number))
        return rows

    def thin(self, candidates: Container[str]) -> Optional[str]:
        """
        Which of the candidates is missed least.

        The one that leaves the smallest gap, the oldest of several: so the old ones are
        thinned first, and evenly.  The first of all, and the ends of branches, go last.
        """
        later: dict[str, int] = {}
        for node in self._nodes.values():
            if node.parent is not None:
                most = max(later.get(node.parent, 0), node.resumptions)
                later[node.parent] = most
        best: Optional[tuple[tuple[bool, int], str]] = None
        for name, node in self._nodes.items():
            if name not in candidates:
                continue
            is_end = node.parent is None or name not in later
            rank = (is_end, 0 if is_end else node.resumptions + later[name])
            if best is None or rank < best[0]:
                best = (rank, name)
        return best[1] if best else None

    def _known(self, pid: int) -> Present:
        here = self._present.get(pid)
        if here is None:
            raise Problem(
                f"there is no snapshot of process {pid} to count from",
                "'set snapshot auto on' takes one at each stop from now on",
            )
        return here

    def _first(self, here: Present) -> str:
        """What one can do when there is no snapshot that far back."""
        passed, name = here.resumptions, here.mark
        while True:
            node = self._nodes[name]
            if node.parent is None:
                break
            name, passed = node.parent, passed + node.resumptions
        if not passed:
            return "The process is at the first one; 'set snapshot auto on' takes more"
        return f"Use 'snapshot undo {passed}' for the first one, '{name}'"

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)


def _times(count: int) -> str:
    return "one resumption" if count == 1 else f"{count} resumptions"


def _not_kept(count: int, nearest: int, name: str, where: str, verb: str) -> Problem:
    return Problem(
        f"there is no snapshot of {_times(count)} {where}",
        f"The next one is '{name}': use 'snapshot {verb} {nearest}'",
    )
