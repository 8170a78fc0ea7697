# SPDX-License-Identifier: GPL-3.0-or-later
"""What GDB must learn after a process was changed behind its back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional, Sequence

import gdb

from ..store import Place
from . import breakpoints, place, threads, zero_stop
from .crew import Crew, flush
from .process import Process

if TYPE_CHECKING:
    from _snapshot import Patch, Snapshot, Thread

# The faults of an instruction: a thread that is put back to it faults again.
_SYNCHRONOUS = (4, 7, 8, 11)  # SIGILL, SIGBUS, SIGFPE, SIGSEGV


@dataclass(frozen=True)
class Future:
    """What GDB knows before a restore, and will be untrue after it."""

    unreported: dict[int, threads.Stop]
    """Threads with a signal of the program's that GDB may not have reported yet."""
    libraries: str


# What before() would have found, had a save not put other reasons in the place of why
# threads are stopped.  By TID; forgotten when the process is resumed.
_remembered: dict[int, threads.Stop] = {}


def before_save(process: Process) -> None:
    """Remember what a restore at this same stop must look after."""
    if not _remembered:
        gdb.events.cont.connect(_forget)
    _remembered.update(_unreported(process, process.stops))


def _forget(event: gdb.ThreadEvent) -> None:
    _remembered.clear()
    gdb.events.cont.disconnect(_forget)


def before(process: Process) -> Future:
    """What to look after when the process will have been restored."""
    unreported = _unreported(process, threads.stops())
    return Future(_remembered | unreported, place.libraries())


def _unreported(
    process: Process, stops: dict[int, threads.Stop]
) -> dict[int, threads.Stop]:
    return {
        tid: stop
        for tid, stop in stops.items()
        if stop.may_be_unreported and tid != process.tid
    }


def after_failure(crew: Crew, patches: "Sequence[Patch]") -> None:
    """A restore was undone: the process is as it was, by other ways."""
    flush()
    breakpoints.rewrite(patches, None)
    crew.undone()


def after_restore(
    process: Process,
    snapshot: "Snapshot",
    was: Place,
    future: Future,
    patches: "Sequence[Patch]",
    crew: Crew,
    is_shown: bool = True,
) -> None:
    """
    Make all true that GDB shows and does, and say where the process is, if wanted.

    Breakpoints, their hit counts, watchpoints and settings stay the user's.
    """
    saved = {thread["tid"]: thread for thread in snapshot.threads()}
    tid = was.thread if was.thread in saved else snapshot.current_tid
    _after(process, snapshot, saved, tid, was, future, patches, crew, is_shown)


def after_revival(
    process: Process,
    snapshot: "Snapshot",
    was: Place,
    crew: Crew,
    tids: dict[int, int],
    is_shown: bool,
) -> None:
    """
    The same for a new process, whose program and libraries GDB knows.

    @param tids What the threads of the snapshot are called now.
    """
    saved = {}
    for thread in snapshot.threads():
        thread["tid"] = tids[thread["tid"]]
        saved[thread["tid"]] = thread
    tid = tids.get(was.thread, tids[snapshot.current_tid])
    # There is nothing that GDB has not reported of what the process was before.
    future = Future({}, place.libraries())
    _after(process, snapshot, saved, tid, was, future, (), crew, is_shown)


def _after(
    process: Process,
    snapshot: "Snapshot",
    saved: "dict[int, Thread]",
    tid: int,
    was: Place,
    future: Future,
    patches: "Sequence[Patch]",
    crew: Crew,
    is_shown: bool,
) -> None:
    crew.notice_ends()
    threads.select(tid)
    flush()
    breakpoints.rewrite(patches, snapshot)
    crew.speak_up()
    crew.notice_late_ends(tid)
    if was.libraries is None or was.libraries != future.libraries:
        _reread_libraries()
    _refresh_watchpoints()

    for other, stop in future.unreported.items():
        if other in saved and other != tid:
            _use_up(process.pid, saved[other], stop.signal)
    for other in crew.started - {tid}:
        # GDB reads what the C library knows of a thread when the thread stops.
        zero_stop.stop(process.pid, other, is_shown=False)
    for other in _reported(was, saved) - {tid}:
        zero_stop.stop(process.pid, other, is_shown=False)
        siginfo = saved[other]["siginfo"]
        if siginfo:
            threads.set_siginfo(siginfo)
    _set_signals(process.pid, saved, tid)

    # The innermost functions can be inlined: then GDB shows their caller first.
    is_plain = was.inlined == 0
    zero_stop.stop(process.pid, tid, is_shown=is_plain and is_shown)
    _deliver_again(saved[tid])
    if not is_plain:
        _step_into_inlined(was.inlined)
    is_elsewhere = was.level and threads.select_level(was.level) or not is_plain
    if is_shown and is_elsewhere:
        gdb.execute("frame")
        if not is_plain:
            gdb.execute("display")


def _reported(was: Place, saved: "dict[int, Thread]") -> set[int]:
    """Threads that GDB does not report where they are: not again after a restore."""
    return {
        tid for tid, thread in saved.items() if was.reported.get(tid) == thread["pc"]
    }


def _reread_libraries() -> None:
    """
    GDB reads the dynamic linker's list anew.

    It keeps a copy of the list that only the linker's own events change; setting a
    search path makes it drop the copy (solib.c, reload_shared_libraries) and leaves
    libraries, and breakpoints in them, that are still there.
    """
    path = gdb.parameter("solib-search-path") or ""
    gdb.execute(f"set solib-search-path {path}", to_string=True)


def _refresh_watchpoints() -> None:
    if breakpoints.has_watchpoints():
        for _ in threads.each():
            breakpoints.refresh_watchpoints()


def _use_up(pid: int, thread: "Thread", number: int) -> None:
    """An event that GDB holds of a thread belongs to a future that is gone."""
    # A signal that does not stop would be given to the thread.
    with threads.stopping(number):
        zero_stop.stop(pid, thread["tid"], is_shown=False)
    if thread["siginfo"]:
        threads.set_siginfo(thread["siginfo"])


def _set_signals(pid: int, saved: "dict[int, Thread]", selected: int) -> None:
    """What GDB will resume the other threads with: what it would have at the save."""
    for tid, thread in threads.by_tid().items():
        if tid == selected or not thread.is_valid():
            continue
        thread.switch()
        threads.queue_nothing()
        stop = threads.Stop(saved[tid]["stop_signal"], 0) if tid in saved else None
        if stop and not stop.is_debuggers and stop.signal not in _SYNCHRONOUS:
            zero_stop.stop(pid, tid, is_shown=False)
            threads.queue(stop.signal, saved[tid]["siginfo"])


def _deliver_again(thread: "Thread") -> None:
    """The selected thread gets the signal that it was stopped by, on `continue`."""
    number = thread["stop_signal"]
    siginfo: Optional[bytes] = thread["siginfo"]
    if threads.Stop(number, 0).is_debuggers or not threads.queue(number, siginfo):
        if siginfo:
            threads.set_siginfo(siginfo)


def _step_into_inlined(depth: int) -> None:
    """Show the innermost inlined functions; GDB only pretends that it steps."""
    missing = depth - place.inlined()
    if missing > 0:
        zero_stop.quietly(f"step {missing}")
