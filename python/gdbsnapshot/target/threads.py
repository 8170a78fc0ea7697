# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads in GDB's eyes: which is selected, why each is stopped, what it will get."""

import contextlib
from dataclasses import dataclass, replace
from typing import Iterator

import gdb

from .. import core
from ..problem import Problem
from .console import text_of

_SIGTRAP = 5
_SIGSTOP = 19
_SI_KERNEL = 0x80


@dataclass(frozen=True)
class Stop:
    """Why a thread is stopped: the beginning of its siginfo."""

    signal: int
    code: int

    @property
    def event(self) -> int:
        """PTRACE_EVENT_* of an event stop (ptrace(2)), or 0."""
        return self.code >> 8 if self.signal == _SIGTRAP and self.code > 0 else 0

    @property
    def is_debuggers(self) -> bool:
        """A breakpoint, a step, or GDB's way of stopping the other threads."""
        return self.signal in (0, _SIGTRAP, _SIGSTOP)

    @property
    def may_be_unreported(self) -> bool:
        """
        GDB may hold an event of this thread, to report it after the next resumption.

        It drops a breakpoint's hit by itself if the thread is elsewhere by then
        (infrun.c, random_pending_event_thread), but not a signal, and only some
        versions the end of a step: GDB 16.3 reports that as a SIGTRAP.
        """
        if self.signal == _SIGTRAP:
            return self.code != _SI_KERNEL
        return not self.is_debuggers


@dataclass(frozen=True)
class Handling:
    """What `handle` says that GDB does with a signal."""

    name: str
    stop: bool
    print: bool
    passes: bool

    def apply(self) -> None:
        if self.name in ("SIGINT", "SIGTRAP"):
            # GDB's own: it would ask whether we are sure.
            return
        words = [
            "print" if self.print else "noprint",
            "stop" if self.stop else "nostop",
            "pass" if self.passes else "nopass",
        ]
        gdb.execute(f"handle {self.name} {' '.join(words)}", to_string=True)


def selected_tid() -> int:
    thread = gdb.selected_thread()
    if thread is None or not thread.is_valid():
        raise Problem("no thread is selected", "Select one with 'thread N'")
    return thread.ptid[1]


def by_tid() -> dict[int, gdb.InferiorThread]:
    threads = gdb.selected_inferior().threads()
    return {thread.ptid[1]: thread for thread in threads if thread.is_valid()}


def select(tid: int) -> bool:
    """Select a thread without a word; False: there is none of this TID."""
    thread = by_tid().get(tid)
    if thread is None:
        return False
    thread.switch()
    return True


def select_level(level: int) -> bool:
    """Select the frame of a level in the selected thread; False: there is none."""
    try:
        frame = gdb.newest_frame()
        for _ in range(level):
            older = frame.older()
            if older is None:
                return False
            frame = older
        frame.select()
    except gdb.error:
        return False
    return True


@contextlib.contextmanager
def kept_selection() -> Iterator[None]:
    """The thread and the frame that are selected now are so again at the end."""
    thread = gdb.selected_thread()
    try:
        level = gdb.selected_frame().level()
    except gdb.error:
        level = 0
    try:
        yield
    finally:
        if thread is not None and thread.is_valid():
            # This selects the innermost frame, in whatever thread.
            thread.switch()
            select_level(level)


def each() -> Iterator[int]:
    """Each thread of the process, by TID, selected while the caller looks at it."""
    with kept_selection():
        for tid, thread in by_tid().items():
            thread.switch()
            yield tid


def stops() -> dict[int, Stop]:
    """Why each thread of the process is stopped, by TID; none: it is just ending."""
    # GDB would tell, too ($_siginfo), but it takes its time for each thread.
    found = core.stops(gdb.selected_inferior().pid, by_tid())
    return {tid: Stop(signal, code) for tid, (signal, code) in found.items()}


class KeptStop:
    """What a thread is stopped by, to be brought back."""

    def __init__(self, tid: int) -> None:
        self._tid = tid
        self._siginfo: "gdb.Value | None" = None
        with kept_selection():
            try:
                if select(tid):
                    self._siginfo = gdb.parse_and_eval("$_siginfo")
                    self._siginfo.fetch_lazy()
            except gdb.error:
                # It is just ending, or in a stop that is no signal's.
                self._siginfo = None

    def bring_back(self) -> None:
        """The thread, which is selected then, is stopped by it again."""
        if self._siginfo is None or not select(self._tid):
            return
        number = int(self._siginfo["si_signo"])
        is_debuggers = Stop(number, 0).is_debuggers
        if is_debuggers or not queue(number, None):
            queue_nothing()
        _write_siginfo(self._siginfo)


def set_siginfo(siginfo: bytes) -> None:
    """
    Write the selected thread's siginfo.

    With the signal that it is stopped by, the program's handler gets it as it was; the
    kernel makes up a new one only if the numbers differ (kernel/signal.c,
    ptrace_signal).
    """
    try:
        kind = gdb.parse_and_eval("$_siginfo").type
    except gdb.error:
        # Not in a signal's stop: there is nothing to be told of it.
        return
    if kind.sizeof == len(siginfo):
        _write_siginfo(gdb.Value(siginfo, kind))


def _write_siginfo(value: gdb.Value) -> None:
    name = "_gdbsnapshot_siginfo"
    try:
        gdb.set_convenience_variable(name, value)
        gdb.execute(f"set variable $_siginfo = ${name}", to_string=True)
    except gdb.error:
        # Not in a signal's stop.
        return
    finally:
        gdb.set_convenience_variable(name, None)


def handling(number: int) -> "Handling | None":
    """What GDB does with a signal of Linux; None: GDB does not know it."""
    name = _gdb_name(number)
    try:
        lines = text_of(f"info signals {name}").splitlines()
    except gdb.error:
        return None
    for line in lines:
        words = line.split()
        if words and words[0] == name and len(words) >= 4:
            return Handling(name, *(word == "Yes" for word in words[1:4]))
    return None


@contextlib.contextmanager
def stopping(number: int) -> Iterator[None]:
    """GDB stops at a signal, and does not pass it on, whatever the user wants."""
    how = handling(number)
    if how is None:
        yield
        return
    try:
        replace(how, stop=True, print=True, passes=False).apply()
        yield
    finally:
        how.apply()


def _gdb_name(number: int) -> str:
    import signal

    if number >= 32:
        # GDB counts the real-time signals from the kernel's first.
        return f"SIG{number}"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def queue_nothing() -> None:
    """GDB forgets the signal that it would resume the selected thread with."""
    gdb.execute("queue-signal 0", to_string=True)


def queue(number: int, siginfo: "bytes | None") -> bool:
    """
    GDB resumes the selected thread with this signal, if `handle` lets it pass.

    The thread is stopped by a signal (and not for a system call): then the siginfo
    arrives with it.
    """
    how = handling(number)
    if how is None or not how.passes:
        return False
    gdb.execute(f"queue-signal {how.name}", to_string=True)
    if siginfo:
        set_siginfo(siginfo)
    return True
