# SPDX-License-Identifier: GPL-3.0-or-later
"""Breakpoints: where they are, their bytes in memory, and keeping them quiet."""

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterator, Optional, Sequence

import gdb

from ..problem import Problem
from .console import text_of

if TYPE_CHECKING:
    from _snapshot import Patch, Snapshot

_LONGEST = 16
"""No CPU's breakpoint instruction is longer, and no patch of the core's."""


@dataclass
class Row:
    """A breakpoint as `maintenance info breakpoints` shows it, GDB's own included."""

    number: int
    kind: str
    what: str
    addresses: set[int] = field(default_factory=set)
    enable_count: int = 0
    """It is disabled after so many more hits; 0: it is not."""


_ROW = re.compile(r"(-?\d+)\s+(\S.*?)\s+(?:keep|del|dis|dstp)\s+\S+\s*(.*)")
_LOCATION = re.compile(r"(-?\d+)\.\d+\s")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,16}\b")
_ENABLE_COUNT = re.compile(r"\s+disable after next (\d+) hits")


def rows() -> list[Row]:
    """All breakpoints, those of GDB's own with negative numbers."""
    # The command sets $_ and $__ to the last address it shows.
    kept = {name: gdb.convenience_variable(name) for name in ("_", "__")}
    text = text_of("maintenance info breakpoints")
    for name, value in kept.items():
        gdb.set_convenience_variable(name, value)
    return parse(text)


def parse(text: str) -> list[Row]:
    found: list[Row] = []
    for line in text.splitlines():
        start = _ROW.match(line)
        if start:
            found.append(Row(int(start[1]), start[2], start[3]))
        if not found:
            continue
        if start or _LOCATION.match(line):
            address = _ADDRESS.search(line)
            if address:
                found[-1].addresses.add(int(address[0], 16))
        else:
            count = _ENABLE_COUNT.match(line)
            if count:
                found[-1].enable_count = int(count[1])
    return found


def patches(pid: int) -> "list[Patch]":
    """
    The breakpoint instructions that are in memory now, as what the program had there.

    GDB takes them out at each stop unless `breakpoint always-inserted` is on, or a
    thread has an event that it has not reported.  What it shows of memory never has
    them, so they are where that differs from what there is.
    """
    if not gdb.parameter("breakpoint always-inserted") and not _seem_inserted(pid):
        return []
    addresses = {address for row in rows() for address in row.addresses}
    return _differences(pid, addresses)


def _seem_inserted(pid: int) -> bool:
    """Whether one of the user's breakpoints is in memory: all are, or none."""
    addresses = set()
    for breakpoint in gdb.breakpoints():
        if breakpoint.type != gdb.BP_BREAKPOINT or not breakpoint.enabled:
            continue
        if not hasattr(breakpoint, "locations"):
            # GDB 12 tells them in text alone.
            return True
        addresses |= {location.address for location in breakpoint.locations}
    return bool(_differences(pid, addresses))


def _differences(pid: int, addresses: set[int]) -> "list[Patch]":
    """Where memory is not what GDB shows of it, in pieces that are next to a byte."""
    if not addresses:
        return []
    inferior = gdb.selected_inferior()
    originals: dict[int, int] = {}
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for address in addresses:
                memory.seek(address)
                try:
                    there = memory.read(_LONGEST)
                    shown = bytes(inferior.read_memory(address, len(there)))
                except (OSError, gdb.MemoryError):
                    # A breakpoint in a library that is not mapped any more.
                    continue
                for offset, (is_there, is_shown) in enumerate(zip(there, shown)):
                    if is_there != is_shown:
                        originals[address + offset] = is_shown
    except OSError as error:
        raise Problem(
            f"the memory of process {pid} cannot be read: {error.strerror}"
        ) from None
    return _pieces(originals)


def _pieces(originals: dict[int, int]) -> "list[Patch]":
    pieces: "list[Patch]" = []
    for address in sorted(originals):
        byte = bytes([originals[address]])
        if pieces:
            start, held = pieces[-1]
            if start + len(held) == address and len(held) < _LONGEST:
                pieces[-1] = (start, held + byte)
                continue
        pieces.append((address, byte))
    return pieces


def rewrite(patches: "Sequence[Patch]", snapshot: "Optional[Snapshot]") -> None:
    """
    Put the breakpoints that were in memory there again, over what the program has now.

    A write through GDB goes into the copy that it keeps of the bytes below, and leaves
    the breakpoint instruction in memory, or puts it there.
    """
    inferior = gdb.selected_inferior()
    for address, original in patches:
        data = _held(snapshot, address, len(original)) or original
        try:
            inferior.write_memory(address, data)
        except gdb.MemoryError:
            # The mapping is gone, and the breakpoint with it.
            continue


def _held(snapshot: "Optional[Snapshot]", address: int, size: int) -> Optional[bytes]:
    if snapshot is None:
        return None
    from .. import core

    try:
        with core.problems():
            return snapshot.read(address, size)
    except Problem:
        return None


@contextlib.contextmanager
def quiet_at(address: int) -> Iterator[bool]:
    """
    A SIGTRAP at an address is nobody's hit, and GDB can resume.

    It would not, for a breakpoint in memory that is not there any more.  Gives
    False if a hit must be feared: a breakpoint of GDB's own is there (it stops at one
    to learn of libraries that were loaded).
    """
    all_rows = rows()
    there = [row for row in all_rows if _would_hit(row, address)]
    is_quiet = all(row.number > 0 for row in there)
    quiet = _toggleable(
        [row for row in all_rows if is_quiet and row in there or not _is_mapped(row)]
    )
    for breakpoint, _ in quiet:
        breakpoint.enabled = False
    try:
        yield is_quiet
    finally:
        for breakpoint, row in quiet:
            _enable(breakpoint, row)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """GDB can resume, and only breakpoints and signals stop the program."""
    quiet = _toggleable(
        [
            row
            for row in rows()
            if "watchpoint" in row.kind
            or row.kind == "catchpoint"
            or not _is_mapped(row)
        ]
    )
    for breakpoint, _ in quiet:
        breakpoint.enabled = False
    try:
        yield
    finally:
        for breakpoint, row in quiet:
            _enable(breakpoint, row)


@contextlib.contextmanager
def all_quiet() -> Iterator[None]:
    """None of the user's breakpoints stops the program, or counts."""
    quiet = _toggleable(rows())
    for breakpoint, _ in quiet:
        breakpoint.enabled = False
    try:
        yield
    finally:
        for breakpoint, row in quiet:
            _enable(breakpoint, row)


@contextlib.contextmanager
def own_at(address: int) -> Iterator[None]:
    """A breakpoint that the user does not see."""
    breakpoint = gdb.Breakpoint(f"*{address:#x}", internal=True)
    breakpoint.silent = True
    try:
        yield
    finally:
        breakpoint.delete()


def _would_hit(row: Row, address: int) -> bool:
    if row.kind == "catchpoint":
        # Those that wait for signals.
        return "SIG" in row.what or "signal" in row.what
    return address in row.addresses and "watchpoint" not in row.kind


def _is_mapped(row: Row) -> bool:
    try:
        for address in row.addresses:
            gdb.selected_inferior().read_memory(address, 1)
    except gdb.MemoryError:
        return False
    return True


def check_survive(snapshot: "Snapshot") -> None:
    """
    Refuse a restore that GDB could not resume after.

    When it has stopped in the resolver of an indirect function (IFUNC) it keeps a
    breakpoint of its own, of number 0, that no command deletes.
    """
    own = [row for row in rows() if row.number == 0]
    if not own:
        return
    mappings = snapshot.mappings()
    for row in own:
        for address in row.addresses:
            if not any(m["start"] <= address < m["end"] for m in mappings):
                raise Problem(
                    f"GDB has a breakpoint of its own at 0x{address:x}, in memory that"
                    " was not there at the save, and could not be resumed",
                    "In another run, set breakpoints on functions that a library"
                    " chooses among (IFUNC) after the library is loaded",
                )


WATCHPOINTS = (
    gdb.BP_WATCHPOINT,
    gdb.BP_HARDWARE_WATCHPOINT,
    gdb.BP_READ_WATCHPOINT,
    gdb.BP_ACCESS_WATCHPOINT,
)


def refresh_watchpoints() -> None:
    """
    Watchpoints take the value that there is now for the old one.

    To GDB a watchpoint has a new beginning when it is enabled.  One for a variable of a
    function is evaluated in its own thread alone: the selected one.
    """
    if not any(b.type in WATCHPOINTS and b.enabled for b in gdb.breakpoints()):
        return
    for breakpoint, row in _toggleable(rows()):
        if breakpoint.type in WATCHPOINTS:
            breakpoint.enabled = False
            _enable(breakpoint, row)


def has_watchpoints() -> bool:
    return any(b.type in WATCHPOINTS and b.enabled for b in gdb.breakpoints())


def _toggleable(rows: Sequence[Row]) -> list[tuple[gdb.Breakpoint, Row]]:
    by_number = {breakpoint.number: breakpoint for breakpoint in gdb.breakpoints()}
    pairs = [(by_number[row.number], row) for row in rows if row.number in by_number]
    return [(breakpoint, row) for breakpoint, row in pairs if breakpoint.enabled]


def _enable(breakpoint: gdb.Breakpoint, row: Row) -> None:
    if not breakpoint.is_valid():
        return
    breakpoint.enabled = True
    if row.enable_count > 1:
        gdb.execute(f"enable count {row.enable_count} {row.number}", to_string=True)
