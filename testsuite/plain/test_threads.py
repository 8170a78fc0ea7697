# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that came since the snapshot end, those that went come back."""

import ctypes
import os
import signal
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Spawn, fail_each_call, state, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2

STARTED = ["+1", "now", "+2"]
ENDED = ["+1", "+2", "now", "-2"]
BOTH = ["+1", "now", "-1", "+2"]
REGISTERED = ["+1", "now", "reg"]
ALL = [STARTED, ENDED, BOTH, REGISTERED]

as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may choose the number of a thread"
)
CASES = [
    pytest.param(words, marks=as_root if "-" in " ".join(words) else ())
    for words in ALL
]


def tids(pid: int) -> list[int]:
    return sorted(int(task.name) for task in Path(f"/proc/{pid}/task").iterdir())


@pytest.mark.restores
@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_the_threads_are_those_of_the_snapshot(
    snap: ModuleType, spawn: Spawn, words: list[str]
) -> None:
    # GIVEN a program whose threads have come and gone since it was saved
    pid = stop_at(snap, spawn("comers", *words), USR1)
    wanted, then = state(snap, pid), tids(pid)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    assert words is REGISTERED or tids(pid) != then

    # WHEN it is restored
    snap.restore(pid, snapshot)

    # THEN they are the same threads, in the same place
    assert tids(pid) == then
    assert state(snap, pid) == wanted

    # THEN they go on from there, again and again, to the end
    for _ in range(5):
        stop_at(snap, pid, USR2)
        snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_a_restore_with_threads_is_done_or_undone(
    snap: ModuleType, spawn: Spawn, words: list[str]
) -> None:
    # GIVEN a program whose threads have come and gone since it was saved
    pid = stop_at(snap, spawn("comers", *words), USR1)
    snapshot = snap.capture(pid)
    wanted = state(snap, pid)
    stop_at(snap, pid, USR2)
    snap.restore(pid, snapshot)
    calls = snap.last_call_count()
    stop_at(snap, pid, USR2)

    def was_restored() -> None:
        assert state(snap, pid) == wanted
        stop_at(snap, pid, USR2)

    # WHEN each of the calls of a restore fails in turn
    # THEN nothing has changed, or all is as at the snapshot
    fail_each_call(snap, pid, snapshot, calls, was_restored)

    # THEN the program finds nothing amiss
    snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@as_root
def test_a_plan_names_who_comes_and_who_goes(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program of which one thread has ended and one is new
    pid = stop_at(snap, spawn("comers", "+1", "now", "-1", "+2"), USR1)
    snapshot = snap.capture(pid)
    (old,) = set(tids(pid)) - {pid}
    stop_at(snap, pid, USR2)
    (new,) = set(tids(pid)) - {pid}
    before = snap.digest(pid)

    # WHEN the restore is explained
    text = snap.explain(pid, snapshot)

    # THEN it says so, and has done nothing
    assert f"start thread {old} (comers.story): it has ended" in text
    assert f"end thread {new} (comers.story): it was started after" in text
    assert snap.digest(pid) == before


@pytest.mark.restores
def test_the_same_threads_need_no_step(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("comers", *STARTED), USR1)
    snapshot = snap.capture(pid)
    lines = snap.explain(pid, snapshot).splitlines()
    assert all(line.startswith(("land", "write memory")) for line in lines), lines


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up what root may")
@pytest.mark.restores
def test_without_the_right_to_choose_its_number_a_thread_stays_ended(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program of somebody who is not root, of which a thread has ended
    pid = stop_at(snap, spawn("comers", "nobody", "+1", "now", "-1"), USR1)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    before = snap.digest(pid)

    # WHEN it is to be restored
    with pytest.raises(snap.Refused, match="has ended since.* may not start") as told:
        snap.restore(pid, snapshot)

    # THEN the reason and the remedy are told, and nothing has happened
    assert "CAP_CHECKPOINT_RESTORE" in told.value.remedy
    assert snap.digest(pid) == before
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@as_root
def test_a_debugger_that_does_not_let_it_run_changes_nothing(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program of which a thread has ended
    pid = stop_at(snap, spawn("comers", *ENDED), USR1)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    before = snap.digest(pid)
    asked: list[tuple[int, int, int]] = []

    def refuse(tid: int, address: int, number: int) -> None:
        asked.append((tid, address, number))
        raise KeyboardInterrupt

    # WHEN the debugger is asked to let it start the thread, and does not
    with pytest.raises(KeyboardInterrupt):
        snap.restore(pid, snapshot, run_thread=refuse)

    # THEN nothing has changed, and it can be done later
    assert asked[0][0] == pid and asked[0][1] and asked[0][2] == signal.SIGSTOP
    assert len(asked) == 1
    assert snap.digest(pid) == before
    snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def start_process(number: int) -> int:
    """A process of this number that only waits: clone3(2) with set_tid."""
    tids = (ctypes.c_int32 * 1)(number)
    # flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
    # set_tid_size, cgroup: struct clone_args of include/uapi/linux/sched.h.
    words = [0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(tids), 1, 0]
    args = (ctypes.c_uint64 * len(words))(*words)
    pid: int = ctypes.CDLL(None).syscall(435, args, ctypes.sizeof(args))
    while not pid:
        signal.pause()
    return pid


@pytest.mark.restores
@as_root
def test_a_number_that_another_process_has_is_refused(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program of which a thread has ended, whose number is in use again
    pid = stop_at(snap, spawn("comers", *ENDED), USR1)
    snapshot = snap.capture(pid)
    then = tids(pid)
    stop_at(snap, pid, USR2)
    (gone,) = set(then) - set(tids(pid))
    before = snap.digest(pid)
    assert start_process(gone) == gone
    try:
        # WHEN it is to be restored
        with pytest.raises(snap.Refused, match="its number is in use"):
            snap.restore(pid, snapshot)

        # THEN nothing has happened
        assert snap.digest(pid) == before
    finally:
        os.kill(gone, signal.SIGKILL)
        os.waitpid(gone, 0)

    # THEN it works when the number is free
    snap.restore(pid, snapshot)
    assert tids(pid) == then


def test_a_trap_that_was_sent_is_no_event(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a thread stopped by a SIGTRAP that it was sent as a thread: its code is -6
    pid = stop_at(snap, spawn("comers", "now"), USR1)
    assert not ctypes.CDLL(None).tgkill(pid, pid, signal.SIGTRAP)
    stop_at(snap, pid, signal.SIGTRAP)

    # THEN it can be saved, and goes on
    assert snap.capture(pid).threads()[0]["stop_signal"] == signal.SIGTRAP
    assert snap.run_until(pid, [USR2]) == USR2
    assert snap.run_until(pid, []) == 0


def test_why_threads_are_stopped_is_told(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program of which one thread has stopped by a signal, and the others were
    pid = stop_at(snap, spawn("comers", "+1", "now"), USR1)
    asked = tids(pid)

    # THEN each has its signal, and who is not there has none
    found = snap.stops(pid, [*asked, 1])
    assert sorted(found) == asked
    assert found[pid][0] == USR1
    assert all(number in (USR1, signal.SIGSTOP) for number, _ in found.values())
    with pytest.raises(TypeError):
        snap.stops(pid, ["one"])
