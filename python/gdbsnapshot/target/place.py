# SPDX-License-Identifier: GPL-3.0-or-later
"""What GDB shows and has selected: taken at a save, brought back by a restore."""

import os
from typing import Optional

import gdb

from ..store import Place
from . import reported, threads
from .console import text_of


def take() -> Place:
    """What is shown and selected now."""
    try:
        level = gdb.selected_frame().level()
    except gdb.error:
        level = 0
    pid = gdb.selected_inferior().pid
    return Place(
        thread=threads.selected_tid(),
        level=level,
        inlined=inlined(),
        location=_location(),
        libraries=libraries(),
        number=_number(),
        description=_description(pid),
        auxv=_auxv(pid),
        reported=reported.take(pid),
    )


# By PID: it is long, and the same all the time.
_descriptions: dict[int, str] = {}


def _description(pid: int) -> str:
    if pid not in _descriptions:
        text = text_of("maintenance print xml-tdesc")
        _descriptions[pid] = text
    return _descriptions[pid]


def _auxv(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/auxv", "rb", buffering=0) as auxv:
            return auxv.read()
    except OSError:
        return b""


def _number() -> int:
    thread = gdb.selected_thread()
    is_alone = len(gdb.selected_inferior().threads()) == 1
    return 0 if thread is None or is_alone else thread.num


def libraries() -> str:
    """GDB's list of shared libraries, to be compared."""
    return text_of("info sharedlibrary")


def inlined() -> int:
    """How many of the innermost frames are functions that were inlined."""
    count = 0
    try:
        frame: Optional[gdb.Frame] = gdb.newest_frame()
        while frame is not None and frame.type() == gdb.INLINE_FRAME:
            count += 1
            frame = frame.older()
    except gdb.error:
        pass
    return count


def _location() -> str:
    try:
        frame = gdb.newest_frame()
        text = frame.name() or f"0x{frame.pc():x}"
        place = frame.find_sal()
    except gdb.error:
        return ""
    if place.symtab is not None and place.line:
        text += f" at {os.path.basename(place.symtab.filename)}:{place.line}"
    return text
