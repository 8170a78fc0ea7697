"""Going back over resumptions, and forward again; names for where one was."""

from typing import TYPE_CHECKING, Callable, Optional

from . import keeping, verbs
from .problem import Problem
from .store import Entry
from .target import process, stops

if TYPE_CHECKING:
    from _snapshot import Progress, Report

    Announce = Callable[[Entry, Report], None]


def undo(
    count: int = 1,
    *,
    progress: "Optional[Progress]" = None,
    announce: "Optional[Announce]" = None,
) -> "tuple[Entry, Report]":
    """
    Put the selected process back to where it was so many resumptions ago.

    Where it is now is kept, for redo().
    """
    _check(count)
    stops.catch_up()
    timeline = keeping.store.timeline
    pid = process.selected().pid
    name = timeline.back(pid, count)
    present = timeline.present(pid)
    if present and not present.is_marked:
        # It must not make the target go for want of room.
        keeping.take_automatic("undo", name)
    return verbs.restore(name, progress=progress, announce=announce)


def redo(
    count: int = 1,
    *,
    progress: "Optional[Progress]" = None,
    announce: "Optional[Announce]" = None,
) -> "tuple[Entry, Report]":
    """Put the selected process forward again, so many resumptions that were undone."""
    _check(count)
    stops.catch_up()
    name = keeping.store.timeline.forward(process.selected().pid, count)
    return verbs.restore(name, progress=progress, announce=announce)


def rename(old: str, new: str) -> Entry:
    """Give a snapshot a name; it stays then when room is needed."""
    return keeping.store.rename(old, new)


def annotate(name: str, note: str) -> Entry:
    """Keep a text with a snapshot; an empty one takes it away."""
    entry = keeping.store.known(name)
    entry.snapshot.note = note
    return entry


def _check(count: int) -> None:
    if count < 1:
        raise Problem("resumptions are counted from 1")
