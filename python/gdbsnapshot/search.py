# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the last write: the process runs again from a snapshot to where it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from . import core, keeping, travel, verbs
from .problem import Problem
from .store import Entry
from .target import process, replay, stops

if TYPE_CHECKING:
    from _snapshot import Difference, Snapshot


@dataclass(frozen=True)
class Write:
    """The last write that changed something."""

    entry: Entry
    """Where the process is now: behind the write."""
    start: Entry
    """Where it was let run from."""
    origin: Entry
    """Where the search began."""
    count: int
    """How many writes there were on the way."""
    old: str
    new: str


def last_write(expression: str) -> Write:
    """
    Put the selected process behind the last write that changed an expression.

    If it does not come to where it is now again, it is left where it is.
    """
    process.selected()
    what = replay.find(expression)
    way = travel.way_here()
    origin = way[-1]
    start = _start(what, way)
    tid, level = replay.selection()
    try:
        with stops.own_work():
            found = _search(what, start, origin, tid)
    except BaseException:
        if process.current():
            verbs.restore(origin.name, is_shown=False)
            replay.select(tid, level)
        raise
    keeping.store.timeline.resumed(origin.pid)
    keeping.keep(found.entry)
    verbs.restore(found.entry.name)
    return found


def _start(what: replay.Object, way: list[Entry]) -> Entry:
    """The last snapshot in which it was another."""
    now = what.read()
    for entry in reversed(way):
        if core.read(entry.snapshot, what.address, what.size) != now:
            return entry
    raise Problem(
        f"it has the same value in all {len(way)} snapshots on the way here",
        "To see writes that were undone in between, restore one and use 'watch'",
    )


def _search(what: replay.Object, start: Entry, origin: Entry, tid: int) -> Write:
    """Run from the start to the origin; the last write is kept as a snapshot."""
    place = _thread(origin, tid)
    verbs.restore(start.name, is_shown=False)
    last: Optional[Entry] = None
    old = new = what.read()
    count = 0
    with replay.watching(what, place[0], place[1], tid) as run:
        while True:
            event = run.go_on()
            if event == replay.WRITTEN:
                last, count = _take(), count + 1
                old, new = new, what.read()
            elif event == replay.ARRIVED:
                now = keeping.capture(process.selected(), None)
                if is_same(origin.snapshot, now, tid):
                    break
            else:
                raise _lost(event)
    if last is None:
        raise Problem("no instruction wrote it: the kernel or another process did")
    return Write(last, start, origin, count, what.text(old), what.text(new))


def _thread(entry: Entry, tid: int) -> tuple[int, int]:
    for thread in entry.snapshot.threads():
        if thread["tid"] == tid:
            return thread["pc"], thread["sp"]
    raise Problem(f"thread {tid} is not in snapshot {entry.name}")


def _take() -> Entry:
    name = keeping.store.new_automatic_name()
    entry = keeping.take(process.selected(), name, "", None)
    entry.is_named, entry.is_automatic, entry.reason = False, True, "write"
    return entry


def _lost(event: str) -> Problem:
    if event == replay.INTERRUPTED:
        return Problem("interrupted: the process is back where it was")
    if not process.current():
        return Problem("the program took another way this time, and has ended")
    return Problem(
        "the program took another way this time: it did not come to where it is now",
        "It is back there; 'snapshot when' says between which snapshots it changed",
    )


def is_same(then: "Snapshot", now: "Snapshot", tid: int) -> bool:
    """Whether a process is where it was: its memory, and the registers of a thread."""
    difference = core.diff(then, now, 1000)
    registers = [each for each in difference["registers"] if each["tid"] == tid]
    return not (registers or difference["threads"] or _memory(difference, now))


def _memory(difference: "Difference", now: "Snapshot") -> bool:
    """Whether memory differs where the program writes, and not the kernel."""
    # The kernel tells each thread its CPU there, which changes (kernel/rseq.c).
    areas = [t["rseq"] for t in now.threads() if t["rseq"]]
    listed = difference["memory"]
    if len(listed) < difference["memory_ranges"]:
        return True
    return any(
        not any(
            area[0] <= c["start"] and c["end"] <= area[0] + area[1] for area in areas
        )
        for c in listed
    )
