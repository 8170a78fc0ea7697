# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of this session, in the order of time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterator, Optional

from . import names
from .problem import Problem
from .timeline import Timeline

if TYPE_CHECKING:
    from _snapshot import Snapshot
    from _snapshot import Writing as Job


@dataclass(frozen=True)
class Place:
    """What GDB showed and had selected at a save."""

    thread: int = 0
    """The selected thread's TID; 0: not known."""
    level: int = 0
    """The selected frame's level."""
    inlined: int = 0
    """How many of the innermost frames are functions that were inlined."""
    location: str = ""
    """Function, file and line of the innermost frame."""
    libraries: Optional[str] = None
    """GDB's list of shared libraries; None: not known."""
    number: int = 0
    """GDB's number of the selected thread; 0: the process has one thread alone."""
    description: str = ""
    """GDB's description of the registers, in XML; empty: not known."""
    auxv: bytes = b""
    """The auxiliary vector (getauxval(3)); empty: not known."""
    reported: dict[int, int] = field(default_factory=dict)
    """By TID, where GDB had reported a thread last."""


@dataclass(frozen=True)
class Displaced:
    """A snapshot that was deleted to make room."""

    name: str
    freed: int
    """In bytes."""


@dataclass(frozen=True)
class Writing:
    """An image that is being written in the background."""

    path: str
    job: "Job"

    @property
    def percent(self) -> int:
        return 100 * self.job.done // max(self.job.total, 1)


@dataclass
class Entry:
    """A snapshot and what the session knows about it."""

    name: str
    snapshot: "Snapshot"
    place: Place = field(default_factory=Place)
    file: Optional[str] = None
    """The image it was written to or read from."""
    is_named: bool = True
    """The user has chosen the name; otherwise it may go when there is no room."""
    is_automatic: bool = False
    """It was taken at a stop by itself; its name is then a number."""
    reason: str = ""
    """Why the process was stopped there: "breakpoint 2", "SIGSEGV"."""
    changed: Optional[int] = None
    """Bytes of memory that were new in it; None: not known."""
    displaced: "tuple[Displaced, ...]" = ()
    """Those that went to make room for it."""
    writing: Optional[Writing] = None
    """The image that is on its way to a file."""
    excess: int = 0
    """By how many bytes the snapshots are over the limit even so."""

    @property
    def pid(self) -> int:
        return self.snapshot.pid

    @property
    def note(self) -> str:
        return self.snapshot.note


class Store:
    """Snapshots by name."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._last_number = 0
        self._last_automatic = 0
        self.timeline = Timeline()
        """Which of them comes after which, and where each process is."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The oldest first; those of one instant in the order they were added."""
        entries = self._entries.values()
        return iter(sorted(entries, key=lambda entry: entry.snapshot.time))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        return [entry.name for entry in self]

    def new_name(self) -> str:
        """s1, s2, …: never one that was given out before."""
        number = self._last_number + 1
        while f"s{number}" in self._entries:
            number += 1
        return f"s{number}"

    def check_free(self, name: str) -> None:
        """Raise Problem unless a new snapshot may have this name."""
        names.check(name)
        if name in self._entries:
            raise Problem(
                f"there is a snapshot named '{name}' already",
                f"Choose another name, or 'snapshot delete {name}' first",
            )

    def new_automatic_name(self) -> str:
        """1, 2, …: names that no user can give."""
        return str(self._last_automatic + 1)

    def add(self, entry: Entry) -> None:
        """Keep a snapshot of which is not known what came before it."""
        self._add(entry)
        self.timeline.add(entry.name)

    def mark(self, entry: Entry) -> None:
        """Keep a snapshot of where its process is now."""
        self._add(entry)
        self.timeline.mark(entry.pid, entry.name)

    def _add(self, entry: Entry) -> None:
        if entry.is_automatic:
            self._last_automatic = max(self._last_automatic, int(entry.name))
        else:
            self.check_free(entry.name)
        self._entries[entry.name] = entry
        if entry.name[0] == "s" and entry.name[1:].isdecimal():
            self._last_number = max(self._last_number, int(entry.name[1:]))

    def rename(self, old: str, new: str) -> Entry:
        """Give a snapshot a name of the user's: it does not go to make room then."""
        entry = self.known(old)
        if new != old:
            self.check_free(new)
            self._entries = {
                new if name == old else name: each
                for name, each in self._entries.items()
            }
            self.timeline.rename(old, new)
        entry.name = entry.snapshot.label = new
        entry.is_named, entry.is_automatic = True, False
        return entry

    def get(self, name: str) -> Optional[Entry]:
        return self._entries.get(name)

    def known(self, name: str) -> Entry:
        """The snapshot of this name, or a Problem that says which there are."""
        entry = self._entries.get(name)
        if entry is None:
            raise names.unknown(name, self.names())
        return entry

    def newest(self, pid: Optional[int] = None) -> Optional[Entry]:
        """The newest of all, or of one process."""
        newest = None
        for entry in self:
            if pid is None or entry.pid == pid:
                newest = entry
        return newest

    def current(self, pid: int) -> Optional[Entry]:
        """The snapshot that a process was last saved as or put back to."""
        present = self.timeline.present(pid)
        return self._entries[present.mark] if present else None

    def set_current(self, entry: Entry) -> None:
        self.timeline.arrive(entry.pid, entry.name)

    def is_current(self, entry: Entry) -> bool:
        return self.current(entry.pid) is entry

    def tree(self) -> list[tuple[Entry, int]]:
        """
        Trees of processes in the order of time, with how many branches go past each.
        """
        rows = [(self._entries[row.name], row.depth) for row in self.timeline.rows()]
        trees: list[list[tuple[Entry, int]]] = []
        for entry, depth in rows:
            if self.timeline.parent(entry.name) is None:
                trees.append([])
            trees[-1].append((entry, depth))
        trees.sort(key=lambda tree: tree[0][0].snapshot.time)
        return [row for tree in trees for row in tree]

    def gone_on(self) -> Iterator[tuple[Entry, int]]:
        """The snapshots that processes have left since, and by how many resumptions."""
        for entry in self:
            present = self.timeline.present(entry.pid)
            if present and present.mark == entry.name and present.resumptions:
                yield entry, present.resumptions

    def first_to_go(self, *needed: str) -> Optional[str]:
        """
        Which snapshot goes when there is no room, but none that is needed.

        The automatic ones are thinned first; then those that the user took without a
        name go, the oldest first.  Nor one that is being written to a file: nothing
        would be free.
        """
        needed += tuple(entry.name for entry in self if entry.writing)
        automatic = {
            entry.name
            for entry in self._entries.values()
            if entry.is_automatic and entry.name not in needed
        }
        return self.timeline.thin(automatic) or self._oldest_unnamed(needed)

    def _oldest_unnamed(self, needed: tuple[str, ...]) -> Optional[str]:
        for entry in self:
            if not entry.is_named and entry.name not in needed:
                return entry.name
        return None

    def delete(self, *doomed: str) -> list[Entry]:
        """Forget snapshots, or none if one of the names is wrong."""
        for name in doomed:
            self.known(name)
        return [self._forget(name) for name in dict.fromkeys(doomed)]

    def _forget(self, name: str) -> Entry:
        self.timeline.remove(name)
        return self._entries.pop(name)
