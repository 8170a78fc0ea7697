# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed between two snapshots, as text.  Knows nothing of GDB."""

import os
from typing import TYPE_CHECKING, Callable, Iterator, Optional, Sequence

from . import core
from .render import (
    Column,
    Page,
    omissions,
    plural,
    printable,
    register_text,
    size,
    table,
)
from .render_state import altstack
from .signals import mask_text

if TYPE_CHECKING:
    from _snapshot import Difference, MemoryChange, RegisterChange, StateChange

    from .comparison import Comparison
    from .variables import Changes

Symbol = Optional[tuple[str, int]]
Namer = Callable[[Sequence[int]], list[Symbol]]
"""From addresses, the symbols and offsets; None where there is none."""

SECTIONS = ("threads", "registers", "variables", "memory", "state")

_FEW = 20
"""Lines of a kind, where they were not asked for."""
_FEW_THREADS = 4
_SHORT = 8
"""Bytes: what is longer is not shown byte by byte."""

_FAMILIES = {
    "threads": "Threads",
    "mappings": "Mappings",
    "files": "Files",
    "signals": "Signals",
    "timers": "Timers",
    "process": "Process",
}

SECTION_OF = {
    "threads": "threads",
    "mappings": "memory",
    "files": "state",
    "signals": "state",
    "timers": "state",
    "process": "state",
}
"""By family, in which section it is shown."""


def text(
    comparison: "Comparison",
    sections: Sequence[str] = (),
    page: Page = Page(),
    namer: Optional[Namer] = None,
    variables: "Optional[Changes]" = None,
) -> str:
    """
    What has changed, under a heading each.

    @param sections Of SECTIONS, those that were asked for; none: all, in short.
    @param namer What names addresses; None: the newer snapshot's files do.
    @param variables Those that have another value; None: nobody has asked.
    """
    difference = comparison.difference
    old, new = printable(comparison.old.name), printable(comparison.new.name)
    notes = "".join(f"{note}\n" for note in difference["notes"])
    notes += _omissions(comparison)
    if variables and variables.obstacle and _is_of_a_process(comparison):
        notes += f"Variables are not told: {variables.obstacle}.\n"
    if difference["is_empty"]:
        return notes + f"Nothing differs between {old} and {new}.\n"
    blocks = list(_blocks(comparison, sections, page, namer, variables))
    if not blocks:
        return notes + f"Nothing of that differs between {old} and {new}.\n"
    head = f"From {old} to {new}:\n"
    return "\n".join([head + notes, *blocks])


def _is_of_a_process(comparison: "Comparison") -> bool:
    """Of one, that GDB has or had: two files are compared as far as they go."""
    old, new = comparison.old, comparison.new
    return old.pid == new.pid and bool(old.place.description or new.place.description)


def _omissions(comparison: "Comparison") -> str:
    of_both = [omissions(e.snapshot) for e in (comparison.old, comparison.new)]
    return "".join(dict.fromkeys(of_both))


def _blocks(
    comparison: "Comparison",
    sections: Sequence[str],
    page: Page,
    namer: Optional[Namer],
    variables: "Optional[Changes]",
) -> Iterator[str]:
    difference = comparison.difference
    is_short = not sections
    shown = sections or SECTIONS
    for section in SECTIONS:
        if section not in shown:
            continue
        if section == "registers":
            yield from _registers(difference["registers"], is_short, page)
        if section == "variables" and variables:
            yield from _variables(variables, is_short, page)
        if section == "memory":
            yield from _memory(comparison, is_short, page, namer)
        for family, title in _FAMILIES.items():
            if SECTION_OF[family] == section:
                yield from _rows(title, family_rows(difference, family), is_short, page)
    refusals = [("", sentence) for sentence in difference["refusals"]]
    yield from _rows("A restore could not put back", refusals, is_short, page)


def _rows(
    title: str, rows: Sequence[tuple[str, str]], is_short: bool, page: Page
) -> Iterator[str]:
    """A heading, and under it what has happened to which thing."""
    if not rows:
        return
    shown = rows[:_FEW] if is_short else rows
    width = max(len(event) for event, _ in shown)
    lines = [page.style("title", title)]
    for event, what in shown:
        head = f"{event:<{width}}  " if width else ""
        lines.append("  " + head + printable(what))
    if len(rows) > len(shown):
        lines.append(f"  … and {len(rows) - len(shown)} more")
    yield "\n".join(lines) + "\n"


def family_rows(difference: "Difference", family: str) -> list[tuple[str, str]]:
    """What has happened to which things of a family."""
    rows = []
    if family == "threads":
        rows = [
            (thread["event"], f'{thread["tid"]} "{thread["comm"]}"')
            for thread in difference["threads"]
        ]
    if family == "signals":
        rows = [_state(change) for change in difference["state"]]
    steps = [step for step in difference["steps"] if step["family"] == family]
    return rows + [(step["event"], step["what"]) for step in steps]


def _state(change: "StateChange") -> tuple[str, str]:
    old, new = change["old"], change["new"]
    of = f'thread {change["tid"]} "{change["comm"]}"'
    if isinstance(old, int) and isinstance(new, int):
        return "blocked", f"of {of}: {mask_text(old)} → {mask_text(new)}"
    assert isinstance(old, tuple) and isinstance(new, tuple)
    return "alternate stack", f"of {of}: {altstack(*old)} → {altstack(*new)}"


def _registers(
    changes: "Sequence[RegisterChange]", is_short: bool, page: Page
) -> Iterator[str]:
    if not changes:
        return
    threads: "dict[int, list[RegisterChange]]" = {}
    for change in changes:
        threads.setdefault(change["tid"], []).append(change)
    shown = list(threads)[:_FEW_THREADS] if is_short else list(threads)
    lines = [page.style("title", "Registers")]
    for tid in shown:
        lines.append(f'  Thread {tid} "{printable(threads[tid][0]["comm"])}"')
        lines += _thread_registers(threads[tid], page)
    left = len(threads) - len(shown)
    if left:
        lines.append(f"  … and those of {plural(left, 'more thread')}")
    yield "\n".join(lines) + "\n"


def _thread_registers(changes: "Sequence[RegisterChange]", page: Page) -> Iterator[str]:
    width = max(len(change["name"]) for change in changes)
    for change in changes:
        old, new = change["old"], change["new"]
        padding = " " * (width - len(change["name"]))
        head = f"    {page.style('variable', change['name'])}{padding}  "
        if old is None and new is None:
            yield f"{head}differs"
            continue
        was = register_text(old) if old else "not there"
        now = register_text(new) if new else "not there"
        # Two vectors side by side are wider than any page.
        if len(was) + len(now) > 60:
            yield head + was
            yield " " * (width + 2) + f"  → {now}"
        else:
            yield f"{head}{was} → {now}"


_VARIABLES = (
    Column("  Variable", "variable"),
    Column("Type", shrinks=True),
    Column("Declared at", "filename"),
    Column("Was", shrinks=True),
    Column("Is", shrinks=True),
)
_LONG = 200
"""Letters of a value."""


def _variables(found: "Changes", is_short: bool, page: Page) -> Iterator[str]:
    changes = found.all
    if not changes:
        return
    shown = changes[:_FEW] if is_short else changes
    is_alone = len({c.variable.tid for c in changes if c.variable.tid}) < 2
    rows = []
    for change in shown:
        variable = change.variable
        name = f"  {variable.name}"
        if variable.function:
            name += f" in {variable.function}"
        if variable.tid and not is_alone:
            name += f", thread {variable.tid}"
        values = (_cut(change.old), _cut(change.new))
        rows.append((name, variable.type, variable.where, *values))
    block = page.style("title", "Variables") + "\n" + table(_VARIABLES, rows, page)
    if len(changes) > len(shown):
        block += f"  … and {len(changes) - len(shown)} more\n"
    elif found.is_cut:
        block += "  … and perhaps more: not all of the memory was looked at for them\n"
    yield block


def _cut(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


_MEMORY = (
    Column("  Address", "address"),
    Column("Size", right=True),
    Column("Where", shrinks=True),
    Column("Was"),
    Column("Is"),
)


def _memory(
    comparison: "Comparison", is_short: bool, page: Page, namer: Optional[Namer]
) -> Iterator[str]:
    difference = comparison.difference
    ranges, total = difference["memory_ranges"], difference["memory_bytes"]
    if not ranges:
        return
    changes = difference["memory"]
    shown = changes[:_FEW] if is_short else changes
    places = _places(comparison, shown, namer)
    rows = [
        (f"  0x{change['start']:012x}", size(change["end"] - change["start"]), place)
        + _values(comparison, change)
        for change, place in zip(shown, places)
    ]
    title = f"Memory: {size(total)} in {plural(ranges, 'range')}"
    block = page.style("title", title) + "\n" + table(_MEMORY, rows, page)
    left = ranges - len(shown)
    if left:
        amount = total - sum(change["end"] - change["start"] for change in shown)
        block += f"  … and {plural(left, 'more range')} ({size(amount)})\n"
    yield block


def _values(comparison: "Comparison", change: "MemoryChange") -> tuple[str, str]:
    """The bytes before and after, where they are few."""
    length = change["end"] - change["start"]
    if change["is_unknown"]:
        return "may differ", "(the file is not there any more)"
    if change["is_tags"]:
        return "other tags", ""
    if length > _SHORT:
        return "", ""
    old = core.read(comparison.old.snapshot, change["start"], length)
    new = core.read(comparison.new.snapshot, change["start"], length)
    return old.hex(" ") if old else "", new.hex(" ") if new else ""


def _places(
    comparison: "Comparison", changes: "Sequence[MemoryChange]", namer: Optional[Namer]
) -> list[str]:
    """The variables, functions, stacks or mappings that ranges lie in."""
    snapshot = comparison.new.snapshot
    addresses = [address for c in changes for address in (c["start"], c["end"] - 1)]
    found = namer(addresses) if namer else core.symbols(snapshot, addresses)
    stacks = {thread["sp"]: thread["tid"] for thread in snapshot.threads()}
    return [
        _place(change, found[2 * i], found[2 * i + 1], stacks)
        for i, change in enumerate(changes)
    ]


def _place(
    change: "MemoryChange", first: Symbol, last: Symbol, stacks: dict[int, int]
) -> str:
    name = change["mapping"]
    if first or last:
        text = _symbol(first) if first else ""
        if last and (not first or last[0] != first[0]):
            text += f" to {_symbol(last)}" if first else f"up to {_symbol(last)}"
        return f"{text} in {os.path.basename(name)}" if name[:1] == "/" else text
    tids = [
        tid
        for pointer, tid in stacks.items()
        if change["mapping_start"] <= pointer < change["mapping_end"]
    ]
    if len(tids) == 1:
        return f"stack of thread {tids[0]}"
    return name or "anonymous memory"


def _symbol(symbol: tuple[str, int]) -> str:
    name, offset = symbol
    return f"{name}+{offset}" if offset else name
