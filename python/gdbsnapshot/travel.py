# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back over resumptions and forward again, and looking at where one was."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Optional

from . import events, keeping, verbs
from .problem import Problem
from .store import Entry
from .target import past, process, stops

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
    entry = keeping.store.rename(old, new)
    events.renamed.emit(entry)
    return entry


def annotate(name: str, note: str) -> Entry:
    """Keep a text with a snapshot; an empty one takes it away."""
    entry = keeping.store.known(name)
    entry.snapshot.note = note
    events.renamed.emit(entry)
    return entry


def print_past(name: str, words: str) -> str:
    """What `print` says of an expression where a snapshot was taken."""
    command = "print" + (words if words.startswith("/") else f" {words}")
    text = past.execute(keeping.store.known(name), command)
    return re.sub(r"\A\$\d+ = ", "", text).rstrip("\n")


def examine_past(name: str, words: str) -> str:
    """What `x` says of memory where a snapshot was taken."""
    command = "x" + (words if words.startswith("/") else f" {words}")
    return past.execute(keeping.store.known(name), command)


def backtraces(entry: Entry) -> list[str]:
    """What GDB's `backtrace` says of each thread of a snapshot of this session."""
    if keeping.store.get(entry.name) is not entry:
        raise Problem(
            "GDB's own backtrace is of snapshots of this session",
            "Use 'snapshot import' first, or -threads",
        )
    return past.backtraces(entry)


@dataclass(frozen=True)
class Value:
    """What an expression was where a snapshot was taken."""

    entry: Entry
    before: Optional[Entry]
    """The one before it in which it could be evaluated."""
    text: str
    is_true: bool


@dataclass(frozen=True)
class Changes:
    """How an expression has changed from snapshot to snapshot."""

    looked_at: int
    values: list[Value]
    """The first, and each that is another than the one before it."""
    last: Optional[Value]
    unknown: int
    """In how many it could not be evaluated."""
    why_unknown: str


def when(expression: str, *, is_condition: bool = False) -> Changes:
    """
    Evaluate an expression in each snapshot on the way to where the process is.

    Nothing is restored; what happened between two snapshots stays unknown.
    """
    entries = way_here()
    values: list[Value] = []
    last: Optional[Value] = None
    complaints: list[str] = []
    for entry in entries:
        try:
            text, is_true = past.evaluate(entry, expression, is_condition)
        except Problem as problem:
            complaints.append(problem.sentence)
            continue
        before = last
        last = Value(entry, before.entry if before else None, text, is_true)
        if before is None or (
            before.is_true != is_true if is_condition else before.text != text
        ):
            values.append(last)
    if not values and complaints:
        raise Problem(complaints[-1])
    why = complaints[-1] if complaints else ""
    return Changes(len(entries), values, last, len(complaints), why)


def way_here() -> list[Entry]:
    """The snapshots from the first to where the process is now, or was at last."""
    stops.catch_up()
    timeline = keeping.store.timeline
    newest = verbs.find(None)
    pid = process.current()
    present = timeline.present(pid)
    if present is None:
        path = timeline.path_to(newest.name)
    else:
        if not present.is_marked:
            keeping.take_automatic("when")
        path = timeline.path(pid)
    return [keeping.store.known(name) for name in path]


def _check(count: int) -> None:
    if count < 1:
        raise Problem("resumptions are counted from 1")
