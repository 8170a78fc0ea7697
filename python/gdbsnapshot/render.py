# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as text, for a page of some width and style.  Knows nothing of GDB."""

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterable, Optional, Sequence

from .signals import signal_name

if TYPE_CHECKING:
    from _snapshot import Backtrace, Frame, Mapping, Register, Report, Snapshot, Thread

    from .store import Displaced, Entry, Store

Style = Callable[[str, str], str]
"""Called as style(kind, text) with a kind of GDB's ("function", "filename", "variable",
"address", "title"); returns the text, perhaps with colours."""


def plain(kind: str, text: str) -> str:
    """The style of a file or a pipe."""
    return text


@dataclass(frozen=True)
class Page:
    """What the text is for."""

    width: Optional[int] = None
    """Columns; None: as many as needed."""
    style: Style = plain


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    kind: str = ""
    right: bool = False
    shrinks: bool = False
    """May be cut when the page is too narrow."""


_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """A number of bytes for a person: three digits and a unit."""
    if count < 1024:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    value = float(count)
    unit = 0
    while value >= 1023.5 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    digits = f"{value:.3g}" if value < 999.5 else f"{value:.0f}"
    return f"{digits} {_UNITS[unit]}"


def printable(text: str) -> str:
    """
    A name that somebody else has chosen, on one line and harmless to a terminal: what
    is no letter, no sign and no blank is written as in a C string.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else _escaped(letter) for letter in text
    )


def _escaped(letter: str) -> str:
    # A byte that is no text in the locale's encoding has become one of these (PEP 383).
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode()


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], page: Page = Page()
) -> str:
    """Aligned columns, the columns that may shrink cut to the width of the page."""
    rows = [[printable(cell) for cell in row] for row in rows]
    # A column that says nothing is left out.
    shown = [
        index
        for index, column in enumerate(columns)
        if not column.title or any(row[index] for row in rows)
    ]
    columns = [columns[index] for index in shown]
    rows = [[row[index] for index in shown] for row in rows]
    widths = [
        max([len(column.title), *(len(row[index]) for row in rows)])
        for index, column in enumerate(columns)
    ]
    _shrink(columns, widths, page.width)
    lines = [_line(columns, widths, [c.title for c in columns], page.style, True)]
    lines += [_line(columns, widths, row, page.style) for row in rows]
    return "".join(line + "\n" for line in lines)


def _shrink(
    columns: Sequence[Column], widths: list[int], page_width: Optional[int]
) -> None:
    if not page_width:
        return
    excess = sum(widths) + 2 * (len(widths) - 1) - page_width
    while excess > 0:
        least = [max(len(column.title), 8) for column in columns]
        can = [
            index
            for index, column in enumerate(columns)
            if column.shrinks and widths[index] > least[index]
        ]
        if not can:
            return
        widest = max(can, key=lambda index: widths[index])
        widths[widest] -= 1
        excess -= 1


def _line(
    columns: Sequence[Column],
    widths: Sequence[int],
    cells: Sequence[str],
    style: Style,
    is_title: bool = False,
) -> str:
    parts = []
    for column, width, cell in zip(columns, widths, cells):
        if len(cell) > width:
            cell = cell[: width - 1] + "…"
        padding = " " * (width - len(cell))
        kind = "title" if is_title else column.kind
        text = style(kind, cell) if kind and cell else cell
        parts.append(padding + text if column.right else text + padding)
    return "  ".join(parts).rstrip()


def when(seconds: float, now: Optional[float] = None) -> str:
    """A point in time: without its date if that is today's."""
    then = time.localtime(seconds)
    today = time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M:%S", then)
    return time.strftime("%Y-%m-%d %H:%M:%S", then)


def saved(entry: "Entry") -> str:
    """The line that says that a snapshot was taken."""
    snapshot = entry.snapshot
    threads = plural(len(snapshot.threads()), "thread")
    line = f"Snapshot {entry.name}: {threads}, {size(snapshot.size)}."
    if entry.file:
        line += f" Written to {printable(entry.file)}."
    if entry.writing:
        path = printable(entry.writing.path)
        line += f" It is being written to {path}, in the background."
    return line + "\n" + omissions(snapshot) + room(entry)


def room(entry: "Entry") -> str:
    """What had to go for a snapshot, and what is too much all the same."""
    text = displaced(entry.displaced)
    if entry.excess:
        text += (
            f"The snapshots are {size(entry.excess)} over their limit: see 'snapshot"
            " list' and 'show snapshot limit'.\n"
        )
    return text


def displaced(snapshots: "Sequence[Displaced]") -> str:
    return "".join(
        f"Snapshot {each.name} deleted to make room, {size(each.freed)} freed.\n"
        for each in snapshots
    )


def restored(entry: "Entry", report: "Report") -> str:
    """The line that says that the process is back, and what was kept as it is."""
    notes = "".join(f"{text}\n" for text in report["notes"])
    return f"Snapshot {entry.name} restored.\n{notes}"


def undone(count: int, entry: "Entry", report: "Report") -> str:
    return _travelled(f"Back {plural(count, 'resumption')}", entry, report)


def redone(count: int, entry: "Entry", report: "Report") -> str:
    return _travelled(f"Forward {plural(count, 'resumption')}", entry, report)


def _travelled(how_far: str, entry: "Entry", report: "Report") -> str:
    notes = "".join(f"{text}\n" for text in report["notes"])
    return f"{how_far}, at snapshot {entry.name}.\n{notes}"


def awaited(path: str) -> str:
    return f"Waiting until {printable(path)} is written; Ctrl-C ends that.\n"


def exported(entry: "Entry") -> str:
    if entry.writing:
        return (
            f"Snapshot {entry.name} is being written to"
            f" {printable(entry.writing.path)}, in the background.\n"
        )
    return f"Snapshot {entry.name} written to {printable(entry.file or '')}.\n"


def imported(entry: "Entry") -> str:
    """The line that says that an image was read."""
    snapshot = entry.snapshot
    return (
        f"Snapshot {entry.name}: process {entry.pid},"
        f" {plural(len(snapshot.threads()), 'thread')}, {size(snapshot.size)}.\n"
    ) + (omissions(snapshot) + room(entry))


def deleted(names: "Sequence[str]", freed: int) -> str:
    """The line that says what was forgotten, and how many bytes are free now."""
    if not names:
        return "There were no snapshots.\n"
    what = f"Snapshot {names[0]}" if len(names) == 1 else plural(len(names), "snapshot")
    return f"{what} deleted, {size(freed)} freed.\n"


def omissions(snapshot: "Snapshot") -> str:
    return "".join(f"Not captured: {printable(t)}\n" for t in snapshot.omissions)


_LIST = (
    Column(""),
    Column("Name", "variable"),
    Column("When"),
    Column("Process", right=True),
    Column("Threads", right=True),
    Column("Changed", right=True),
    Column("Alone", right=True),
    Column("Shared", right=True),
    Column("Where", "function", shrinks=True),
    Column("Why"),
    Column("Note", shrinks=True),
)


def listing(store: "Store", page: Page = Page()) -> str:
    """The table of `snapshot list`."""
    if not len(store):
        return "No snapshots. Take one with 'snapshot save'.\n"
    is_one = len({entry.pid for entry in store}) == 1
    rows = [_listed(store, *each, is_one) for each in store.tree()]
    return table(_LIST, rows, page) + _since(store)


def _listed(
    store: "Store", entry: "Entry", depth: int, is_one: bool
) -> tuple[str, ...]:
    usage = entry.snapshot.usage
    return (
        "*" if store.is_current(entry) else "",
        "| " * depth + entry.name,
        when(entry.snapshot.time),
        "" if is_one else str(entry.pid),
        str(len(entry.snapshot.threads())),
        size(entry.changed) if entry.changed is not None else "",
        size(usage["alone"]),
        size(usage["shared"]),
        where(entry),
        entry.reason,
        entry.note,
    )


def where(entry: "Entry") -> str:
    """Where a snapshot's process was stopped, with the thread if there are others."""
    place = entry.place
    if not place.number:
        return place.location
    return f"{place.location}, thread {place.number}"


def _since(store: "Store") -> str:
    """Of the processes that have gone on since their snapshot, how far."""
    lines = [
        f"Process {entry.pid} is {plural(resumptions, 'resumption')} after"
        f" {entry.name}.\n"
        for entry, resumptions in store.gone_on()
    ]
    lines += [
        f"{entry.name} is being written to {printable(entry.writing.path)}:"
        f" {entry.writing.percent}%.\n"
        for entry in store
        if entry.writing
    ]
    return "".join(lines)


def header(snapshot: "Snapshot", name: str, file: Optional[str] = None) -> str:
    """What a snapshot is, one fact a line."""
    threads = snapshot.threads()
    facts = [
        ("Taken", time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(snapshot.time))),
        ("Note", snapshot.note),
        ("Image", file or ""),
        ("Process", f"{snapshot.pid}, {snapshot.command_line or snapshot.exe}"),
        ("Executable", snapshot.exe),
        ("Build ID", snapshot.exe_build_id or ""),
        ("Machine", f"{snapshot.arch}, {snapshot.kernel}, host {snapshot.host}"),
        (
            "Holds",
            f"{plural(len(threads), 'thread')},"
            f" {plural(len(snapshot.mappings()), 'mapping')}, {size(snapshot.size)}",
        ),
        ("Copied", snapshot.copying or ""),
        ("UUID", snapshot.uuid),
        ("Parent", snapshot.parent or ""),
    ]
    lines = [f"Snapshot {printable(name)}" if name else "Snapshot"]
    lines += [f"  {fact + ':':<12}{printable(text)}" for fact, text in facts if text]
    return "\n".join(lines) + "\n" + omissions(snapshot)


def thread_title(snapshot: "Snapshot", thread: "Thread", page: Page = Page()) -> str:
    text = f'Thread {thread["tid"]} "{printable(thread["comm"])}"'
    marks = []
    if thread["tid"] == snapshot.current_tid:
        marks.append("selected")
    # SIGSTOP and SIGTRAP are the debugger's own: only others say something.
    if thread["stop_signal"] not in (0, 5, 19):
        marks.append(f"stopped by {signal_name(thread['stop_signal'])}")
    if thread["interrupted_syscall"] >= 0:
        marks.append(f"in system call {thread['interrupted_syscall']}")
    return page.style("title", text) + (f" ({', '.join(marks)})" if marks else "")


def threads(snapshot: "Snapshot", page: Page = Page()) -> str:
    """Each thread with its backtrace."""
    backtraces = snapshot.backtraces()
    blocks = []
    for thread in snapshot.threads():
        lines = [thread_title(snapshot, thread, page)]
        lines += _backtrace(backtraces.get(thread["tid"]), page)
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _backtrace(backtrace: "Optional[Backtrace]", page: Page) -> list[str]:
    if backtrace is None:
        return ["  (no backtrace)"]
    frames = backtrace["frames"]
    digits = len(str(max(0, len(frames) - 1)))
    lines = [
        f"  #{level:<{digits}}  {_frame(frame, page)}"
        for level, frame in enumerate(frames)
    ]
    if backtrace["end_reason"]:
        lines.append(f"  (ends here: {backtrace['end_reason']})")
    return lines


def _frame(frame: "Frame", page: Page) -> str:
    text = page.style("address", f"0x{frame['pc']:016x}")
    if frame["function"]:
        text += " in " + page.style("function", printable(frame["function"]))
        if not frame["line"]:
            text += f"+{frame['function_offset']}"
    if frame["file"]:
        line = f":{frame['line']}" if frame["line"] else ""
        name = printable(os.path.basename(frame["file"]))
        text += " at " + page.style("filename", name) + line
    elif frame["module"]:
        text += " from " + page.style("filename", printable(frame["module"]))
    return text


def registers(snapshot: "Snapshot", page: Page = Page()) -> str:
    """All registers of all threads, by name."""
    blocks = []
    for thread in snapshot.threads():
        found = snapshot.registers(thread["tid"])
        width = max((len(register["name"]) for register in found), default=0)
        lines = [thread_title(snapshot, thread, page)]
        lines += [
            f"  {page.style('variable', register['name'])}"
            f"{' ' * (width - len(register['name']))}  {register_text(register)}"
            for register in found
        ]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def register_text(register: "Register") -> str:
    """
    A register's value: hexadecimal, the highest byte first.

    Vectors are shown in full width, in words of eight bytes; the number that an x87
    register stands for follows its bytes.
    """
    value = register["value"]
    if register["format"] == "vector" and len(value) > 8:
        words = [value[at : at + 8] for at in range(0, len(value), 8)]
        return "0x" + "_".join(word[::-1].hex() for word in reversed(words))
    text = f"0x{int.from_bytes(value, 'little'):0{2 * len(value)}x}"
    if register["format"] == "float" and len(value) == 10:
        return f"{text}  {_extended(value)}"
    if register["format"] in ("uint", "flags"):
        return f"0x{int.from_bytes(value, 'little'):x}"
    return text


def _extended(value: bytes) -> str:
    """The number in an x87 register (Intel SDM volume 1, 4.2.2)."""
    mantissa = int.from_bytes(value[:8], "little")
    exponent = int.from_bytes(value[8:], "little") & 0x7FFF
    sign = "-" if value[9] & 0x80 else ""
    if exponent == 0x7FFF:
        return sign + ("inf" if mantissa << 1 & (1 << 64) - 1 == 0 else "nan")
    if not mantissa:
        return sign + "0"
    # The range is larger than that of a Python float: go by the decimal logarithm.
    from decimal import Context, Decimal

    exact = Context(prec=60, Emin=-9999, Emax=9999)
    power = exact.power(Decimal(2), Decimal(max(exponent, 1) - 16383 - 63))
    number = exact.multiply(Decimal(mantissa), power)
    shown = Context(prec=18, Emin=-9999, Emax=9999)
    return sign + f"{shown.normalize(number):g}"


_MAPPINGS = (
    Column("Start", "address"),
    Column("End", "address"),
    Column("Size", right=True),
    Column("Prot"),
    Column("Held", right=True),
    Column("Backing"),
    Column("Flags"),
    Column("Name", "filename", shrinks=True),
)

_BACKING = {
    "none": "not captured",
    "zero": "memory",
    "file": "file",
    "shared": "shared",
}


def memory(snapshot: "Snapshot", page: Page = Page()) -> str:
    """The table of mappings."""
    return table(_MAPPINGS, (_mapping(m) for m in snapshot.mappings()), page)


def _mapping(mapping: "Mapping") -> tuple[str, ...]:
    return (
        f"0x{mapping['start']:012x}",
        f"0x{mapping['end']:012x}",
        size(mapping["end"] - mapping["start"]),
        mapping["prot"],
        size(mapping["held"]) if mapping["held"] else "",
        _BACKING.get(mapping["contents"], mapping["contents"]),
        " ".join(mapping["flags"]),
        mapping["name"],
    )
