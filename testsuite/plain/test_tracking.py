"""With tracking, a save and a restore look only at what may have changed."""

import signal
from pathlib import Path
from types import ModuleType
from typing import Iterator

import pytest
from conftest import Spawn, fail_each_call, state, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
PROGRAMS = [["vectors"], ["state"], ["threads", "2"], ["signals"]]


@pytest.fixture(autouse=True)
def tracking(
    snap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[None]:
    """The programs make files in the current folder."""
    monkeypatch.chdir(tmp_path)
    snap.set_tracking("userfaultfd")
    yield
    snap.set_tracking("contents")


@pytest.mark.restores
@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_tracked_process_is_put_back(
    snap: ModuleType, spawn: Spawn, program: list[str]
) -> None:
    # GIVEN two snapshots, the second of what has changed since the first
    pid = stop_at(snap, spawn(*program), USR1)
    first = snap.capture(pid)
    then = state(snap, pid)
    stop_at(snap, pid, USR2)
    second = snap.capture(pid)
    later = state(snap, pid)

    # WHEN it goes back and forth THEN each time all is as it was
    for _ in range(3):
        snap.restore(pid, first)
        assert state(snap, pid) == then
        snap.restore(pid, second)
        assert state(snap, pid) == later
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_restore_of_a_tracked_process_is_done_or_undone(
    snap: ModuleType, spawn: Spawn, program: list[str]
) -> None:
    # GIVEN a tracked program that has run on since its snapshot
    pid = stop_at(snap, spawn(*program), USR1)
    snapshot = snap.capture(pid)
    wanted = state(snap, pid)
    stop_at(snap, pid, USR2)
    late = snap.capture(pid)
    snap.restore(pid, snapshot)
    calls = snap.last_call_count()
    snap.restore(pid, late)

    def was_restored() -> None:
        assert state(snap, pid) == wanted
        snap.restore(pid, late)

    # WHEN each of the calls of a restore fails in turn
    # THEN nothing has changed, or all is as at the snapshot
    fail_each_call(snap, pid, snapshot, calls, was_restored)

    # THEN the program finds nothing amiss
    snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def test_a_way_to_track_has_a_name(snap: ModuleType) -> None:
    with pytest.raises(ValueError, match="userfaultfd"):
        snap.set_tracking("guessing")
