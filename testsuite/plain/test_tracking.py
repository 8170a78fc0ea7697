# SPDX-License-Identifier: GPL-3.0-or-later
"""With tracking, a save and a restore look only at what may have changed."""

import signal
from pathlib import Path
from types import ModuleType
from typing import Iterator

import pytest
from conftest import Spawn, check_done_or_undone, state, stop_at

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
    snap.set_tracking("auto")


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
    pid = stop_at(snap, spawn(*program), USR1)
    check_done_or_undone(snap, pid)


def test_a_way_to_track_has_a_name(snap: ModuleType) -> None:
    with pytest.raises(ValueError, match="userfaultfd"):
        snap.set_tracking("guessing")
