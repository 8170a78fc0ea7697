# SPDX-License-Identifier: GPL-3.0-or-later
"""What was, as text: values that changed, and backtraces.  Knows nothing of GDB."""

from typing import TYPE_CHECKING, Sequence

from .render import Column, Page, plural, printable, table, thread_title, where

if TYPE_CHECKING:
    from _snapshot import Snapshot

    from .search import Write
    from .travel import Changes, Value

_MOST = 40
"""Rows; of more, the first and the last ones are shown."""

_CHANGES = (
    Column(""),
    Column("Snapshot", "variable"),
    Column("Where", "function", shrinks=True),
    Column("Value", shrinks=True),
)


def changes(found: "Changes", expression: str, page: Page = Page()) -> str:
    """The table of `snapshot when`, and between which two snapshots it last changed."""
    count = len(found.values) - 1
    text = ""
    if count:
        text += table(_CHANGES, _rows(found.values), page)
        last = found.values[-1]
        before = last.before.name if last.before else ""
        text += (
            f"Changed {'once' if count == 1 else f'{count} times'} in"
            f" {plural(found.looked_at, 'snapshot')}, last between {before} and"
            f" {last.entry.name}: 'snapshot last-write {expression}' finds where.\n"
        )
    else:
        text += (
            f"It is {printable(found.values[0].text)} in all"
            f" {plural(found.looked_at - found.unknown, 'snapshot')}.\n"
        )
    return text + _unknown(found)


def conditions(found: "Changes", page: Page = Page()) -> str:
    """The same for a condition: when it became true."""
    became = [value for value in found.values if value.is_true]
    if not became:
        count = found.looked_at - found.unknown
        return f"It is not true in any of {plural(count, 'snapshot')}.\n" + _unknown(
            found
        )
    text = table(_CHANGES, _rows(found.values), page)
    text += f"First true {_since(became[0])}"
    if len(became) > 1:
        text += f", last became true {_since(became[-1])}"
    return text + ".\n" + _unknown(found)


def _since(value: "Value") -> str:
    if value.before is None:
        return f"in {value.entry.name} already"
    return f"between {value.before.name} and {value.entry.name}"


def _rows(values: "Sequence[Value]") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]]
    rows = [("", v.entry.name, where(v.entry), v.text) for v in values]
    if len(rows) > _MOST:
        half = _MOST // 2
        left_out = ("", "…", f"{len(rows) - 2 * half} more", "")
        rows = [*rows[:half], left_out, *rows[-half:]]
    return rows


def _unknown(found: "Changes") -> str:
    if not found.unknown:
        return ""
    return (
        f"In {plural(found.unknown, 'snapshot')} it cannot be evaluated:"
        f" {printable(found.why_unknown)}\n"
    )


def backtraces(
    snapshot: "Snapshot", texts: "Sequence[str]", page: Page = Page()
) -> str:
    """Each thread with what GDB says of its frames."""
    threads = snapshot.threads()
    return "\n".join(
        f"{thread_title(snapshot, thread, page)}\n{text}"
        for thread, text in zip(threads, texts)
    )


def written(write: "Write", expression: str) -> str:
    """Where `snapshot last-write` has put the process."""
    count = write.count
    return (
        f"The last write to {printable(expression)}"
        f"{'' if count == 1 else f', of {count},'} since snapshot {write.start.name}:"
        f" {printable(write.old)} became {printable(write.new)}.\n"
        f"Here is snapshot {write.entry.name}; 'snapshot restore"
        f" {write.origin.name}' goes back to where you were.\n"
    )
