# SPDX-License-Identifier: GPL-3.0-or-later
"""Letting a process run again, watched, from where it was to where it will be."""

import contextlib
from dataclasses import dataclass
from typing import Callable, Iterator

import gdb

from ..problem import Problem
from . import breakpoints, threads, zero_stop

_FATAL = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGKILL", "SIGSEGV", "SIGSYS")
_TRIES = 100_000
"""Stops on the way that are neither the end nor a write."""

WRITTEN, ARRIVED, LOST, INTERRUPTED = "written", "arrived", "lost", "interrupted"


@dataclass(frozen=True)
class Object:
    """A piece of memory with a type."""

    address: int
    size: int
    type: gdb.Type

    def read(self) -> bytes:
        return bytes(gdb.selected_inferior().read_memory(self.address, self.size))

    def text(self, data: bytes) -> str:
        """Its value, as GDB prints it."""
        return gdb.Value(data, self.type).format_string()


def find(expression: str) -> Object:
    """What an expression of the selected frame is, if it lies in memory."""
    try:
        value = gdb.parse_and_eval(expression)
        address = value.address
        if address is None:
            raise Problem(
                f"'{expression}' does not lie in memory, and cannot be watched there",
                "Name a variable, an element or what a pointer points to; 'info address"
                " NAME' says where a variable lies",
            )
        return Object(int(address), value.type.sizeof, value.type)
    except gdb.error as error:
        raise Problem(str(error).rstrip(".")) from None


class _Mark(gdb.Breakpoint):
    """A breakpoint that the user does not see, and that knows that it was hit."""

    def __init__(
        self, spec: str, kind: int, is_there: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(spec, kind, gdb.WP_WRITE, True)
        self.silent = True
        self.is_hit = False
        self._is_there = is_there

    def stop(self) -> bool:
        self.is_hit = self._is_there()
        return self.is_hit


class Replay:
    """A process on its way to a place, watched."""

    def __init__(self, watch: _Mark, arrival: _Mark, ends: list[_Mark]) -> None:
        self._watch = watch
        self._arrival = arrival
        self._ends = ends
        self._signal = ""

    def go_on(self) -> str:
        """Let it run to the next event, which is one of the words above."""
        for mark in (self._watch, self._arrival, *self._ends):
            mark.is_hit = False
        for _ in range(_TRIES):
            self._signal = ""
            try:
                zero_stop.quietly("continue")
            except KeyboardInterrupt:
                return INTERRUPTED
            if not gdb.selected_inferior().pid or any(e.is_hit for e in self._ends):
                return LOST
            if self._watch.is_hit:
                return WRITTEN
            if self._arrival.is_hit:
                return ARRIVED
            if self._signal == "SIGINT":
                return INTERRUPTED
            if self._signal in _FATAL:
                return LOST
        return LOST

    def _stopped(self, event: gdb.StopEvent) -> None:
        if isinstance(event, gdb.SignalEvent):
            self._signal = event.stop_signal


@contextlib.contextmanager
def watching(what: Object, pc: int, sp: int, tid: int) -> Iterator[Replay]:
    """
    Watch an object until a thread comes to a place with this stack.

    The user's breakpoints are off meanwhile.  Where the program would end, it stops.
    """

    def is_there() -> bool:
        thread = gdb.selected_thread()
        is_it = thread is not None and thread.ptid[1] == tid
        return is_it and int(gdb.parse_and_eval("$sp")) == sp

    with contextlib.ExitStack() as stack:
        stack.enter_context(breakpoints.all_quiet())
        stack.enter_context(_plain_expressions())
        marks = []
        for spec, kind, test in (
            (_spec(what), gdb.BP_WATCHPOINT, None),
            (f"*{pc:#x}", gdb.BP_BREAKPOINT, is_there),
            ("_exit", gdb.BP_BREAKPOINT, None),
            ("execve", gdb.BP_BREAKPOINT, None),
        ):
            mark = _Mark(spec, kind, test) if test else _Mark(spec, kind)
            stack.callback(mark.delete)
            marks.append(mark)
        if marks[0].type != gdb.BP_HARDWARE_WATCHPOINT:
            raise Problem(
                f"{what.size} bytes are too many for this machine's watchpoints",
                "Name a part of it",
            )
        replay = Replay(marks[0], marks[1], marks[2:])
        gdb.events.stop.connect(replay._stopped)
        stack.callback(gdb.events.stop.disconnect, replay._stopped)
        yield replay


def _spec(what: Object) -> str:
    return f"*(unsigned char (*)[{what.size}]) {what.address:#x}"


@contextlib.contextmanager
def _plain_expressions() -> Iterator[None]:
    """Addresses and casts are in the words of C."""
    language = gdb.parameter("language")
    gdb.execute("set language c", to_string=True)
    try:
        yield
    finally:
        gdb.execute(f"set language {language}", to_string=True)


def selection() -> tuple[int, int]:
    """The selected thread and frame."""
    try:
        level = gdb.selected_frame().level()
    except gdb.error:
        level = 0
    return threads.selected_tid(), level


def select(tid: int, level: int) -> None:
    threads.select(tid)
    threads.select_level(level)
