# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that GDB debugs, or a sentence that says why it cannot be snapshot."""

from dataclasses import dataclass, field

import gdb

from .. import core
from ..problem import Problem
from . import threads
from .console import text_of


@dataclass(frozen=True)
class Process:
    """A process that GDB has stopped, and its selected thread."""

    pid: int
    tid: int
    stops: dict[int, threads.Stop] = field(default_factory=dict, compare=False)
    """Why each thread was stopped when that was asked, by TID."""


def selected() -> Process:
    """The process of the selected inferior, after all that must hold was checked."""
    inferior = gdb.selected_inferior()
    if not inferior.pid:
        raise Problem("there is no process", "Start one with 'run', or 'attach' to one")
    _check_target(inferior)
    _check_stopped(inferior)
    _check_calls()
    _check_sharing(inferior)
    _check_others(inferior)
    stops = threads.stops()
    _check_events(stops)
    return Process(inferior.pid, threads.selected_tid(), stops)


def current() -> int:
    """The PID of the selected inferior; 0: it has no process."""
    return int(gdb.selected_inferior().pid or 0)


def _check_target(inferior: gdb.Inferior) -> None:
    connection = inferior.connection
    kind = connection.type if connection and connection.is_valid() else ""
    if kind == "core":
        raise Problem(
            "a core file cannot be saved or rewound, it is one already",
            "Run the program, or 'attach' to its process",
        )
    if kind in ("remote", "extended-remote"):
        raise Problem(
            "the process is debugged through a remote target, out of reach",
            "Run GDB with gdb-snapshot on the machine of the process",
        )
    if kind != "native":
        raise Problem(f"a process of the target '{kind}' cannot be snapshot")
    if gdb.current_recording() is not None:
        raise Problem(
            "the process is being recorded, and a log would not fit a rewound process",
            "Stop the recording with 'record stop'",
        )
    machine = inferior.architecture().name()
    if machine in ("i386", "i386:x64-32", "i8086"):
        raise Problem(
            "the process is a 32-bit one, and only 64-bit ones are supported",
            "Build the program for 64 bits",
        )


def _check_stopped(inferior: gdb.Inferior) -> None:
    if gdb.parameter("non-stop"):
        raise Problem(
            "GDB is in non-stop mode, where threads run while others are stopped",
            "Start again with 'set non-stop off'",
        )
    for thread in inferior.threads():
        if thread.is_running():
            raise Problem(
                "the process is running",
                "Stop it with 'interrupt', or wait until it stops",
            )


def _check_calls() -> None:
    if text_of("maintenance print dummy-frames").strip():
        raise Problem(
            "a function that you called from GDB has not returned",
            "Let it 'finish', or select its caller's frame and 'return' to it",
        )


def _check_sharing(inferior: gdb.Inferior) -> None:
    """Refuse processes in the same memory, a vfork() parent and its child first."""
    if len(gdb.inferiors()) == 1:
        # GDB shows the executable, whose name need not be text that Python takes.
        return
    number = 0
    for line in text_of("info inferiors").splitlines():
        words = line.replace("*", " ", 1).split()
        if words and words[0].isdigit():
            number = int(words[0])
        elif "vfork" in words and number == inferior.num:
            raise Problem(
                "the process shares its memory with another one, by vfork",
                "Continue until the child has called exec or has ended",
            )


def _check_others(inferior: gdb.Inferior) -> None:
    """Refuse a process whose memory another one that GDB debugs lives in, too."""
    for other in gdb.inferiors():
        if other.pid and other.num != inferior.num:
            if core.shares_memory(inferior.pid, other.pid):
                raise Problem(
                    f"the process shares its memory with that of inferior {other.num}",
                    "Let one of them end, or call exec, first",
                )


def _check_events(stops: dict[int, threads.Stop]) -> None:
    """Refuse threads that the kernel holds in the middle of a system call."""
    for tid, stop in stops.items():
        what = _EVENTS.get(stop.event)
        if what:
            raise Problem(
                f"thread {tid} is stopped inside {what}",
                "Use 'stepi' to get behind the call",
            )


# PTRACE_EVENT_* of <linux/ptrace.h>; the core brings a thread out of a clone itself.
_EVENTS = {1: "fork", 2: "vfork", 4: "exec", 5: "vfork"}
