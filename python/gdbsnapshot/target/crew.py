# SPDX-License-Identifier: GPL-3.0-or-later
"""
Threads that a restore starts and ends, before GDB's eyes.

GDB knows of a thread if it has seen the event of its start, of a thread that it has let
run itself; and it forgets one when it has waited for its end.  So it is GDB that lets a
thread start others, and a stop without progress makes it notice those that have ended.
"""

import contextlib
from pathlib import Path
from typing import Optional

import gdb

from ..problem import Problem
from . import breakpoints, threads, zero_stop
from .process import Process

_EVENT_CLONE = 3
"""PTRACE_EVENT_CLONE of <linux/ptrace.h>."""

_TRIES = 16
"""Each uses up one event that GDB had not reported yet."""


class Crew:
    """The threads of a process on their way through a restore."""

    def __init__(self, process: Process) -> None:
        self._pid = process.pid
        self._selected = process.tid
        self._level = 0
        self._known = set(threads.by_tid())
        self._worker = 0
        self._quiet = contextlib.ExitStack()
        _read_registers()
        # The core takes the main thread for the work.
        self._stop = threads.KeptStop(process.pid)
        with contextlib.suppress(gdb.error):
            self._level = gdb.selected_frame().level()

    @property
    def started(self) -> set[int]:
        """The threads that the restore has started."""
        return set(threads.by_tid()) - self._known if self._worker else set()

    def run(self, tid: int, address: int, signal: int) -> None:
        """Let one thread run to an address, where it has started others: for the core.

        The signal would do as well, but GDB 13 tells the terminal of each.
        """
        self._worker = tid
        flush()
        _read_registers()
        if not threads.select(tid):
            raise Problem(f"GDB does not know thread {tid}", "See 'info threads'")
        self._quiet.enter_context(breakpoints.quiet())
        with breakpoints.own_at(address):
            for _ in range(_TRIES):
                threads.queue_nothing()
                zero_stop.quietly("with scheduler-locking on -- continue")
                if threads.select(tid) and zero_stop.pc() == address:
                    return
        raise Problem(
            f"GDB does not let thread {tid} run, to start threads that have ended",
            "Type 'stepi', and try again",
        )

    def speak_up(self) -> None:
        """Watchpoints and catchpoints work again: the threads are where they belong."""
        self._quiet.close()

    def notice_ends(self) -> None:
        """
        GDB forgets threads that have ended: to be called before flush().

        GDB 16 keeps the end of a thread that was stepped last, to report it when that
        thread is resumed (linux-nat.c, report_exit_events_for). So such a thread is
        resumed: what GDB wants to know of its registers it has read when it was alive.
        """
        for _ in threads.by_tid():
            ended = [t for t in threads.by_tid() if _has_ended(self._pid, t)]
            if not ended:
                break
            threads.select(ended[0])
            try:
                pc = zero_stop.pc()
            except gdb.error:
                # On aarch64 GDB asks a thread for the length of its vectors each time
                # (aarch64-linux-nat.c, thread_architecture), and takes one that does
                # not answer for another machine, of which it has read nothing.
                break
            # Nor does GDB try to step it over a breakpoint.
            with breakpoints.quiet_at(pc):
                zero_stop.quietly("with scheduler-locking on -- continue")

    def notice_late_ends(self, tid: int) -> None:
        """The same by a stop of another thread, which is selected: all is in order."""
        if any(_has_ended(self._pid, other) for other in threads.by_tid()):
            zero_stop.stop(self._pid, tid, is_shown=False)

    def undone(self) -> None:
        """The restore was undone: who has worked is stopped as before, to GDB too."""
        if self._worker:
            zero_stop.stop(self._pid, self._pid, is_shown=False)
            self._stop.bring_back()
            threads.select(self._selected)
            threads.select_level(self._level)
        self.speak_up()


def meet_newcomers(pid: int) -> None:
    """
    GDB learns of all threads that there are.

    The event of a thread's start may be one that GDB has not looked at yet: GDB 16
    keeps it, to report it after the next resumption of the one that has started it.
    """
    if not _unknown(pid):
        return
    with threads.kept_selection():
        stops = threads.stops()
        # A save has brought them out of the event's stop: then it can be anyone.
        for tid in sorted(stops, key=lambda tid: stops[tid].event != _EVENT_CLONE):
            zero_stop.stop(pid, tid, is_shown=False)
            if not _unknown(pid):
                return
    raise Problem(
        f"GDB does not know thread {min(_unknown(pid))}",
        "Type 'stepi', and try again",
    )


def _unknown(pid: int) -> set[int]:
    tids = {int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()}
    return tids - set(threads.by_tid())


def flush() -> None:
    """GDB forgets registers, frames and memory that it has read."""
    gdb.execute("maintenance flush register-cache", to_string=True)
    for cache in ("stack-cache", "code-cache"):
        if gdb.parameter(cache):
            # There is no command that flushes them in GDB 12; turning them on does.
            gdb.execute(f"set {cache} off", to_string=True)
            gdb.execute(f"set {cache} on", to_string=True)
    gdb.invalidate_cached_frames()


def _read_registers() -> None:
    """GDB knows where each thread is, and will when that has ended."""
    for _ in threads.each():
        with contextlib.suppress(gdb.error):
            zero_stop.pc()


def _has_ended(pid: int, tid: int) -> bool:
    state = _state(pid, tid)
    return state is None or state in "XZ"


def _state(pid: int, tid: int) -> Optional[str]:
    """The letter of /proc/PID/task/TID/stat (proc(5)); None: it is not there."""
    try:
        with open(f"/proc/{pid}/task/{tid}/stat", "rb", buffering=0) as stat:
            text = stat.read()
    except OSError:
        return None
    return text.rpartition(b")")[2].split()[0].decode()
