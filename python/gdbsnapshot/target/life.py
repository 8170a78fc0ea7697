# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that GDB starts for an image, and that becomes what the image says."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Optional

import gdb

from ..core import Search
from ..problem import Problem
from . import process, threads, zero_stop
from .console import execute_quietly
from .crew import flush
from .process import Process

if TYPE_CHECKING:
    from _snapshot import Snapshot

_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
"""The number that was given last: whoever may write it chooses the next."""

_TRIES = 8
"""Others start processes, too: each of them may take the number before we do."""

_SETTINGS = (
    "confirm off",
    # No shell stands before the program, and there is no time for breakpoints.
    "startup-with-shell off",
    "breakpoint always-inserted off",
)


def is_wanted() -> bool:
    """Whether GDB has no process: a restore has to make one."""
    return not gdb.selected_inferior().pid


def check() -> None:
    """Raise Problem unless GDB can start a process the way that it takes."""
    connection = gdb.selected_inferior().connection
    if connection is not None and connection.type != "native":
        raise Problem(
            "GDB would start a process through another target",
            "Type 'disconnect', or use another GDB",
        )
    if gdb.parameter("non-stop"):
        raise Problem(
            "GDB is in non-stop mode, in which no process can be built",
            "Start again with 'set non-stop off'",
        )
    if gdb.parameter("exec-wrapper"):
        raise Problem(
            "GDB would start a process through a wrapper", "Type 'unset exec-wrapper'"
        )


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """GDB starts programs as we need it, and as the user wants it afterwards."""
    before = [(name, gdb.parameter(name)) for name in map(_name, _SETTINGS)]
    for setting in _SETTINGS:
        gdb.execute(f"set {setting}", to_string=True)
    try:
        yield
    finally:
        for name, value in before:
            gdb.execute(f"set {name} {'on' if value else 'off'}", to_string=True)


@contextlib.contextmanager
def without_breakpoints() -> Iterator[None]:
    """
    The user's breakpoints are disabled meanwhile: those of a program that is not there.

    GDB disables for good what it does not find in another program (breakpoint.c,
    location_to_sals), unless it is disabled.
    """
    enabled = [each for each in gdb.breakpoints() if each.enabled]
    for each in enabled:
        each.enabled = False
    try:
        yield
    finally:
        for each in enabled:
            if each.is_valid():
                each.enabled = True


def _name(setting: str) -> str:
    return setting.rpartition(" ")[0]


def search() -> Search:
    """Where GDB looks for files: 'set sysroot', 'set solib-search-path', 'file'."""
    # "target:" is where the process is: that is here.
    sysroot = (gdb.parameter("sysroot") or "").removeprefix("target:")
    folders = (gdb.parameter("solib-search-path") or "").split(":")
    program = gdb.current_progspace().filename
    if program is not None:
        folders.append(str(Path(program).parent))
    return Search(
        str(Path(sysroot).resolve()) if sysroot.strip("/") else "",
        [str(Path(folder).expanduser().resolve()) for folder in folders if folder],
    )


def symbols(program: Optional[str]) -> Optional[str]:
    """The file that GDB is to take symbols from, once there is a process."""
    loaded: Optional[str] = gdb.current_progspace().filename
    return loaded if program is None else program


def start(snapshot: "Snapshot", program: Optional[str], blank: str) -> Process:
    """
    Start the program of a snapshot, stopped before its first instruction.

    It gets the number that it had where that is free and we may choose it.

    @param blank Started where the program is not there, or cannot be started: its
        dynamic linker may be another one, or none.
    """
    if program is not None:
        try:
            return _start(snapshot, program)
        except Problem:
            pass
    return _start(snapshot, blank)


def _start(snapshot: "Snapshot", program: str) -> Process:
    _load(program)
    for _ in range(_TRIES):
        with _choice(snapshot.pid) as may_choose:
            _start_once()
        if gdb.selected_inferior().pid == snapshot.pid or not may_choose:
            break
        end()
    else:
        _start_once()
    return process.selected()


def _load(program: str) -> None:
    """GDB knows the program; what the user has loaded of it stays."""
    here = gdb.current_progspace().filename
    if here is None or not _is_same(here, program):
        # Breakpoints that were set before find their places in it.
        execute_quietly(f"file {program}")


def _is_same(path: str, other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except OSError:
        return False


@contextlib.contextmanager
def _choice(pid: int) -> Iterator[bool]:
    """
    The next process gets this number, if we may choose it, which is told.

    After that numbers go on from where they were: the next ones after this number are
    to be those of its threads, and nobody else's.
    """
    if Path(f"/proc/{pid}").exists():
        yield False
        return
    try:
        before = _LAST_PID.read_text(encoding="ascii")
        _LAST_PID.write_text(f"{pid - 1}", encoding="ascii")
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        _LAST_PID.write_text(before, encoding="ascii")


def _start_once() -> None:
    try:
        zero_stop.quietly("starti")
    except gdb.error as error:
        end()
        raise Problem(f"GDB cannot start the program: {error}") from None


def end() -> None:
    """The process is good for nothing: it is gone, and GDB has none."""
    if gdb.selected_inferior().pid:
        execute_quietly("with confirm off -- kill")


def rediscover(program: Optional[str], symbols: Optional[str], tid: int) -> None:
    """
    GDB looks where the program and its libraries are, as behind an `attach`.

    It keeps the auxiliary vector until the executable changes (auxv.c), and with that
    where a program lies that can lie anywhere. Setting a search path makes it look for
    the dynamic linker's list from the beginning (solib.c, reload_shared_libraries); it
    moves the sections of the executable only where it moves symbols (objfiles.c,
    objfile_relocate1), which therefore are new ones.
    """
    threads.select(tid)
    flush()
    execute_quietly(f"exec-file {program or symbols or ''}")
    execute_quietly(f"symbol-file {symbols or ''}")
    path = gdb.parameter("solib-search-path") or ""
    gdb.execute(f"set solib-search-path {path}", to_string=True)
