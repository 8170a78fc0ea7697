# SPDX-License-Identifier: GPL-3.0-or-later
"""
The zero-progress stop: GDB sees a thread stop that has not moved.

After registers were changed behind GDB's back it must take notice as it does of a real
stop.  It remembers where a thread stopped, to step off a breakpoint there without
reporting it again (infrun.c, proceed: pc == stop_pc), and tells front-ends and Python's
stop events; only a stop makes it do so.  So the thread is sent a signal and resumed
alone: the kernel delivers the signal before the thread executes anything, and so it
stops where it was.

SIGTRAP under `stepi` is best: GDB takes it for the end of the step, and no signal is
reported to anybody.  If it is blocked it is let in for the time; no breakpoint may
claim it.  Where it cannot be used, another signal under `continue` does: SIGSTOP,
unless GDB has one of its own under way, which it would take ours for and go on.
"""

import ctypes
import re

import gdb

from .. import core
from ..problem import Problem
from . import breakpoints, threads
from .console import execute_quietly

_SIGTRAP = 5
_SIGCONT = 18
_SIGSTOP = 19
_HARMLESS = (23, 28, 17)
"""SIGURG, SIGWINCH, SIGCHLD: what a program ignores if it does not ask for it."""

_MASK = re.compile(rb"^(SigPnd|ShdPnd|SigBlk):\s*([0-9a-f]+)$", re.MULTILINE)

_TRIES = 16
"""Each try uses up one event that GDB had not reported yet; more than two are rare."""


def stop(pid: int, tid: int, is_shown: bool) -> None:
    """
    Let GDB see a thread stopped where it is; the thread is selected afterwards.

    Events of the thread that GDB knows and has not reported are used up.

    @param is_shown Print the location, as GDB does at a stop.
    """
    if not threads.select(tid):
        raise Problem(f"GDB does not know thread {tid}", "See 'info threads'")
    before = pc()
    for _ in range(_TRIES):
        threads.queue_nothing()
        used = _stop_once(pid, tid, before, is_shown)
        if not used or not _Masks(pid, tid).is_pending(used):
            break
    threads.select(tid)
    threads.queue_nothing()
    after = pc()
    if after != before:
        raise Problem(
            f"thread {tid} has moved from 0x{before:x} to 0x{after:x} when GDB was to"
            " take notice of it",
            "Restore again",
        )


def _stop_once(pid: int, tid: int, pc: int, is_shown: bool) -> int:
    """Stop with the best signal that there is; returns it, or 0 if there is none."""
    masks = _Masks(pid, tid)
    with breakpoints.quiet_at(pc) as is_quiet:
        if is_quiet and masks.can_admit(_SIGTRAP):
            with core.sigmask(pid, tid, masks.blocked_without(_SIGTRAP)):
                _send(pid, tid, _SIGTRAP)
                _resume("stepi", is_shown)
            return _SIGTRAP
        number = masks.substitute()
        if number:
            with threads.stopping(number):
                _send(pid, tid, number)
                _resume("continue", is_shown=False)
    if is_shown:
        gdb.execute("frame")
        gdb.execute("display")
    return number


def _resume(command: str, is_shown: bool) -> None:
    command = f"with scheduler-locking on -- {command}"
    if not is_shown:
        quietly(command)
        return
    if gdb.parameter("print frame-info") == "auto":
        # After a step in one function GDB shows the source line alone.
        command = f"with print frame-info source-and-location -- {command}"
    gdb.execute(command)


def quietly(command: str) -> None:
    """Execute a command that ends in a stop, which the terminal is not told of."""
    try:
        gdb.parameter("suppress-cli-notifications")
    except RuntimeError:
        # GDB 12 has no such setting.
        pass
    else:
        command = f"with suppress-cli-notifications on -- {command}"
    execute_quietly(command)


def _send(pid: int, tid: int, number: int) -> None:
    if _Masks(pid, tid).is_pending(number):
        return
    if ctypes.CDLL(None).tgkill(pid, tid, number):
        raise Problem(f"thread {tid} cannot be sent signal {number}")
    if not _Masks(pid, tid).is_pending(number):
        # Resumed now, it would run.
        raise Problem(f"signal {number} does not reach thread {tid}")


class _Masks:
    """The signal masks of /proc/PID/task/TID/status (proc(5))."""

    def __init__(self, pid: int, tid: int) -> None:
        # As bytes: the thread's name is any 15, and often a text cut in a character.
        with open(f"/proc/{pid}/task/{tid}/status", "rb", buffering=0) as status:
            found = _MASK.findall(status.read())
        self._masks = {key.decode(): int(value, 16) for key, value in found}

    def _has(self, key: str, number: int) -> bool:
        return bool(self._masks.get(key, 0) >> (number - 1) & 1)

    def can_admit(self, number: int) -> bool:
        """Whether one of ours would be the only one of these signals."""
        return not self.is_blocked(number) or not (
            self._has("SigPnd", number) or self._has("ShdPnd", number)
        )

    def blocked_without(self, number: int) -> int:
        return self._masks.get("SigBlk", 0) & ~(1 << (number - 1))

    def is_blocked(self, number: int) -> bool:
        return self._has("SigBlk", number)

    def is_pending(self, number: int) -> bool:
        return self._has("SigPnd", number)

    def substitute(self) -> int:
        """A signal that stops the thread instead of SIGTRAP; 0: there is none."""
        # A SIGSTOP that is sent takes a SIGCONT away (kernel/signal.c, prepare_signal).
        has_cont = self._has("SigPnd", _SIGCONT) or self._has("ShdPnd", _SIGCONT)
        if not has_cont and not self.is_pending(_SIGSTOP):
            return _SIGSTOP
        for number in _HARMLESS:
            if not self.is_blocked(number) and not self.is_pending(number):
                return number
        return 0


def pc() -> int:
    """Of the selected thread."""
    return int(gdb.newest_frame().pc())
