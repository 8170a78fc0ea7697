# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking snapshots, and making room for them in the session's store."""

from typing import TYPE_CHECKING, Optional

from . import core, events, parameters
from .store import Displaced, Entry, Store
from .target import breakpoints, farewell, landing, place, process

if TYPE_CHECKING:
    from _snapshot import Progress, Snapshot

store = Store()
"""The snapshots of this session."""


def capture(selected: process.Process, progress: "Optional[Progress]") -> "Snapshot":
    landing.before_save(selected)
    farewell.watch()
    core.set_tracking(parameters.tracking())
    patches = breakpoints.patches(selected.pid)
    return core.capture(
        selected.pid, selected.tid, patches, parameters.shared_memory(), progress
    )


def take(
    selected: process.Process, name: str, note: str, progress: "Optional[Progress]"
) -> Entry:
    """A snapshot that knows what came before it, and is not kept yet."""
    snapshot = capture(selected, progress)
    snapshot.label = name
    snapshot.note = note
    snapshot.set_parent(_parent(selected.pid))
    return Entry(name, snapshot, place.take(), reason="saved")


def take_automatic(reason: str, needed: Optional[str] = None) -> Entry:
    """
    Take and keep a snapshot of the selected process that the user did not ask for.

    @param needed One that stays when room is made.
    """
    selected = process.selected()
    entry = take(selected, store.new_automatic_name(), "", None)
    entry.is_named, entry.is_automatic, entry.reason = False, True, reason
    keep(entry, needed)
    return entry


def keep(entry: Entry, needed: Optional[str] = None) -> None:
    """Put a snapshot of where its process is into the store."""
    if entry.snapshot.is_settled:
        # The one before has the pages that did not change.
        entry.changed = entry.snapshot.new_size
    store.mark(entry)
    make_room_for(entry, needed)
    events.saved.emit(entry)


def _parent(pid: int) -> "Optional[Snapshot]":
    """Nobody holds it longer than needed: it may have to go to make room."""
    current = store.current(pid)
    return current.snapshot if current else None


def make_room(*needed: str) -> list[Displaced]:
    """Delete snapshots without a name of the user's, as the limit says."""
    limit = parameters.limit()
    displaced: list[Displaced] = []
    while limit is not None:
        size = core.store_size()
        name = store.first_to_go(*needed) if size > limit else None
        if name is None:
            break
        (gone,) = delete(name)
        if not gone.is_automatic:
            displaced.append(Displaced(name, size - core.store_size()))
    return displaced


def delete(*doomed: str) -> list[Entry]:
    """Forget snapshots, or none if one of the names is wrong."""
    gone = store.delete(*doomed)
    for entry in gone:
        events.deleted.emit(entry)
    return gone


def make_room_for(entry: Entry, needed: Optional[str] = None) -> None:
    limit = parameters.limit()
    entry.displaced = tuple(make_room(entry.name, *([needed] if needed else [])))
    entry.excess = 0 if limit is None else max(0, core.store_size() - limit)
