# SPDX-License-Identifier: GPL-3.0-or-later
"""A restore brings memory and registers back; the programs look for themselves."""

import signal
from types import ModuleType

import pytest
from conftest import Spawn, skip_without_timer_numbers, state, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
PROGRAMS = ["signals", "steps", "threads", "timers", "vectors"]


@pytest.mark.restores
@pytest.mark.parametrize("program", PROGRAMS)
def test_everything_is_back(snap: ModuleType, spawn: Spawn, program: str) -> None:
    # GIVEN a program that was saved, and has scrambled all it has since
    skip_without_timer_numbers(program)
    pid = stop_at(snap, spawn(program), USR1)
    wanted = state(snap, pid)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    assert state(snap, pid) != wanted

    # WHEN it is restored
    report = snap.restore(pid, snapshot)

    # THEN all is as it was
    assert report["threads"] == len(snapshot.threads())
    assert report["bytes_written"] > 0
    assert state(snap, pid) == wanted


@pytest.mark.restores
@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_program_runs_on_from_there_again_and_again(
    snap: ModuleType, spawn: Spawn, program: str, verify: bool
) -> None:
    # GIVEN a snapshot
    skip_without_timer_numbers(program)
    pid = stop_at(snap, spawn(program), USR1)
    snapshot = snap.capture(pid)

    # WHEN it is run on and restored many times
    for _ in range(20):
        stop_at(snap, pid, USR2)
        report = snap.restore(pid, snapshot, verify_memory=verify)
        assert bool(report["bytes_compared"]) or not verify

    # THEN it comes to the same place each time, and to its end
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
def test_back_and_forth_in_time(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN two snapshots of one process
    pid = stop_at(snap, spawn("steps"), USR1)
    early = snap.capture(pid)
    at_early = state(snap, pid)
    stop_at(snap, pid, USR2)
    late = snap.capture(pid)
    at_late = state(snap, pid)

    # WHEN it goes from one to the other
    for snapshot, wanted in ((early, at_early), (late, at_late)) * 3:
        snap.restore(pid, snapshot)

        # THEN it is there
        assert state(snap, pid) == wanted
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
def test_explain_touches_nothing(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program that has run on since its snapshot
    pid = stop_at(snap, spawn("threads"), USR1)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    before = snap.digest(pid)

    # WHEN the restore is explained
    text = snap.explain(pid, snapshot)

    # THEN every thread is named, and nothing has changed
    assert all(str(thread["tid"]) in text for thread in snapshot.threads())
    assert snap.digest(pid) == before


def test_another_process_is_refused(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a snapshot of one process, and another one of the same program
    first = stop_at(snap, spawn("steps"), USR1)
    second = stop_at(snap, spawn("steps"), USR1)
    snapshot = snap.capture(first)
    before = snap.digest(second)

    # WHEN it shall be used for the other
    snap.check_identity(first, snapshot)
    for verb in (snap.check_identity, snap.restore, snap.explain):
        with pytest.raises(snap.Refused):
            verb(second, snapshot)

    # THEN that is as it was
    assert snap.digest(second) == before


@pytest.mark.restores
def test_a_callback_that_stops_a_restore_undoes_it(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program that has run on since its snapshot
    pid = stop_at(snap, spawn("steps"), USR1)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    before = snap.digest(pid)

    # WHEN the restore is stopped at each of its reports in turn
    reports = 0
    for allowed in range(1000):
        reports = 0

        def count(phase: str, done: int, total: int, allowed: int = allowed) -> bool:
            nonlocal reports
            reports += 1
            return reports <= allowed

        try:
            snap.restore(pid, snapshot, progress=count)
        except snap.Interrupted:
            # THEN nothing has changed
            assert snap.digest(pid) == before
        else:
            break

    # THEN there were some, and the last attempt went through
    assert 0 < reports <= allowed
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0
