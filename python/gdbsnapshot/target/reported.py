# SPDX-License-Identifier: GPL-3.0-or-later
"""
Which threads GDB has reported where they are.

GDB steps a thread off a breakpoint, and does not report it, if the thread was last
reported stopped there (infrun.c, proceed: pc == stop_pc, of each thread).  It tells
nobody which threads these are, so they are written down at each stop, from the time
when GDB loads us.
"""

from __future__ import annotations

import gdb

_reported: dict[int, dict[int, int]] = {}
"""By PID and TID, the PC."""


def watch() -> None:
    """Write down from now on."""
    gdb.events.stop.connect(_stopped)
    gdb.events.new_thread.connect(_appeared)
    gdb.events.exited.connect(_ended)


def take(pid: int) -> dict[int, int]:
    """By TID, where GDB has reported a thread last; it may be elsewhere now."""
    return dict(_reported.get(pid, ()))


def _stopped(event: gdb.StopEvent) -> None:
    # In all-stop mode, it is the one whose event was reported.
    thread = gdb.selected_thread()
    if thread is None:
        return
    pid, tid, _ = thread.ptid
    try:
        _reported.setdefault(pid, {})[tid] = int(gdb.newest_frame().pc())
    except gdb.error:
        # It is just ending.
        _reported[pid].pop(tid, None)


def _appeared(event: gdb.NewThreadEvent) -> None:
    pid, tid, _ = event.inferior_thread.ptid
    _reported.get(pid, {}).pop(tid, None)


def _ended(event: gdb.ExitedEvent) -> None:
    _reported.pop(event.inferior.pid, None)
