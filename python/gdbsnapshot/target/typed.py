# SPDX-License-Identifier: GPL-3.0-or-later
"""
The variables that lie in ranges of memory, down to the fields and elements that do.

Runs in the GDB that looks at snapshots (peer.py), on one at a time.  The same ranges
give the same rows in both snapshots that are compared; what differs is their values.
"""

from __future__ import annotations

import bisect
import itertools
import os
import re

import gdb

from .console import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Iterator, Sequence

    Range = tuple[int, int]
    Row = tuple[str, str, str, str, int, str, str]

_PROBES = 5000
"""Addresses that GDB is asked to name: some microseconds each."""
_FRAMES = 64
"""Of a thread, the innermost."""
_STEP = 8
"""Where there is a name without a type, the next variable is looked for so far on."""


class _Ranges:
    """Ranges of addresses, in order and apart."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self.all = sorted(tuple(each) for each in ranges)
        self._ends = [end for _, end in self.all]

    def within(self, start: int, end: int) -> Iterator[Range]:
        """What of them lies between two addresses."""
        for index in range(bisect.bisect_right(self._ends, start), len(self.all)):
            first, last = self.all[index]
            if first >= end:
                break
            yield max(first, start), min(last, end)

    def touch(self, start: int, end: int) -> bool:
        return next(self.within(start, end), None) is not None


def find(ranges: Sequence[Range], tids: Sequence[int], most: int) -> list[Row]:
    """
    Name, type, declaration, function, thread (0: all have it), identity and value of
    what lies in ranges of memory, and of the variables of these threads that lie in
    registers.

    Variables without a type are left out.  @param most So many rows at most.
    """
    changed = _Ranges(ranges)
    rows = itertools.chain(
        _rows_of_statics(changed), *(_rows_of_frames(changed, tid) for tid in tids)
    )
    # A variable of a function that keeps its value is in each of its frames.
    unique: dict[str, Row] = {}
    for row in rows:
        unique[row[5]] = row
        if len(unique) == most:
            break
    return list(unique.values())


def _rows_of_statics(changed: _Ranges) -> Iterator[Row]:
    for symbol in _statics(changed):
        yield from _rows(symbol, symbol.value(), changed, "", 0, "")


def _statics(changed: _Ranges) -> Iterator[gdb.Symbol]:
    """The variables with a place of their own that lie in the ranges, each once."""
    probes = 0
    behind = 0
    for start, end in changed.all:
        start = max(start, behind)
        if start >= end or not (_name(start) or _name(end - 1)):
            continue
        while start < end and probes < _PROBES:
            probes += 1
            symbol = _symbol_at(start)
            if symbol is None:
                start = (start | (_STEP - 1)) + 1
            else:
                yield symbol
                _, start = _extent(symbol.value())
                behind = start


def _name(address: int) -> str:
    """What GDB calls an address, without the offset."""
    text = text_of(f"with language c -- info symbol {address:#x}")
    match = re.match(r"(.+?)(?: \+ \d+)? in section ", text)
    return match[1] if match else ""


def _symbol_at(address: int) -> gdb.Symbol | None:
    name = _name(address)
    if not name:
        return None
    found = [gdb.lookup_global_symbol(name, gdb.SYMBOL_VAR_DOMAIN)]
    # Two files may have one of the same name.
    found += gdb.lookup_static_symbols(name, gdb.SYMBOL_VAR_DOMAIN)
    for symbol in found:
        if symbol is None or not symbol.is_variable or symbol.needs_frame:
            continue
        try:
            start, end = _extent(symbol.value())
        except gdb.error:
            # Of each thread's own, as long as nobody knows where.
            continue
        if start <= address < end:
            return symbol
    return None


def _extent(value: gdb.Value) -> Range:
    """Where a value lies; empty: it lies in registers, or nowhere."""
    if value.is_optimized_out or value.address is None:
        return 0, 0
    start = int(value.address)
    return start, start + value.type.sizeof


def _rows_of_frames(changed: _Ranges, tid: int) -> Iterator[Row]:
    if not _switch(tid):
        return
    frame: gdb.Frame | None = gdb.newest_frame()
    for _ in range(_FRAMES):
        if frame is None:
            break
        older = frame.older()
        yield from _rows_of_frame(changed, tid, frame, older or frame)
        frame = older


def _switch(tid: int) -> bool:
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] == tid:
            thread.switch()
            return True
    return False


def _rows_of_frame(
    changed: _Ranges, tid: int, frame: gdb.Frame, older: gdb.Frame
) -> Iterator[Row]:
    # A call is the same one in both snapshots if its function and its place on the
    # stack are.
    function = frame.name() or ""
    call = f"{tid} {function} {int(older.read_register('sp')):x}"
    for symbol in _locals(frame):
        is_call = symbol.needs_frame
        try:
            value = symbol.value(frame) if is_call else symbol.value()
            is_there = not value.is_optimized_out
        except gdb.error:
            # What its place is computed from is not known here.
            continue
        if is_there and is_call:
            yield from _rows(symbol, value, changed, function, tid, call)
        elif is_there:
            yield from _rows(symbol, value, changed, function, 0, "")


def _locals(frame: gdb.Frame) -> Iterator[gdb.Symbol]:
    """What can be named in a frame, without what is hidden by another of its name."""
    try:
        block: gdb.Block | None = frame.block()
    except RuntimeError:
        # No symbols of it are there.
        return
    seen = set()
    while block is not None and not (block.is_global or block.is_static):
        for symbol in block:
            is_wanted = symbol.is_variable or symbol.is_argument
            if is_wanted and symbol.name not in seen:
                seen.add(symbol.name)
                yield symbol
        block = None if block.function else block.superblock


def _rows(
    symbol: gdb.Symbol,
    value: gdb.Value,
    changed: _Ranges,
    function: str,
    tid: int,
    call: str,
) -> Iterator[Row]:
    where = f"{os.path.basename(symbol.symtab.filename)}:{symbol.line}"
    start, end = _extent(value)
    if start == end:
        # In registers: nobody knows which part of it has changed.
        leaves: Iterable[tuple[str, gdb.Value]] = [(symbol.name, value)] if tid else []
    else:
        leaves = _leaves(symbol.name, value, changed)
    for name, leaf in leaves:
        identity = f"{call or hex(start)} {name} {symbol.line}"
        try:
            text = leaf.format_string(pretty_structs=False)
        except gdb.error as error:
            text = f"<{error}>"
        yield name, str(leaf.type), where, function, tid, identity, text


def _leaves(
    name: str, value: gdb.Value, changed: _Ranges
) -> Iterator[tuple[str, gdb.Value]]:
    """The smallest parts of a value that have a name and lie in the ranges."""
    start, end = _extent(value)
    if not changed.touch(start, end):
        return
    kind = value.type.strip_typedefs()
    if gdb.default_visualizer(value) is not None:
        # To its printer it is one thing.
        yield name, value
    elif kind.code == gdb.TYPE_CODE_STRUCT:
        for field in kind.fields():
            # Those that are static have no place in it.
            if not hasattr(field, "bitpos"):
                continue
            is_named = field.name and not field.is_base_class
            path = f"{name}.{field.name}" if is_named else name
            yield from _leaves(path, value[field], changed)
    elif kind.code == gdb.TYPE_CODE_ARRAY and kind.target().sizeof > 1:
        size = kind.target().sizeof
        first = kind.range()[0]
        done = 0
        for low, high in changed.within(start, end):
            indices = range((low - start) // size, (high - 1 - start) // size + 1)
            for index in indices[max(0, done - indices.start) :]:
                path = f"{name}[{first + index}]"
                yield from _leaves(path, value[first + index], changed)
            done = max(done, indices.stop)
    else:
        yield name, value
