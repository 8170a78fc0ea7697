# SPDX-License-Identifier: GPL-3.0-or-later
"""Whichever call into the kernel fails, the process is as it was before the command."""

import os
import signal
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Spawn, check_done_or_undone, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may start a thread again"
)
PROGRAMS = [
    pytest.param(["everything"], marks=[as_root, pytest.mark.slow]),
    pytest.param(["everything", "shrink"], marks=[as_root, pytest.mark.slow]),
    ["remaps"],
    ["remaps", "shrink"],
    ["signals"],
    ["state"],
    ["threads", "2"],
    ["timers"],
    ["vectors"],
]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The programs make files in the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.sweeps
@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_capture_that_fails_leaves_no_trace(
    snap: ModuleType, spawn: Spawn, program: list[str]
) -> None:
    # GIVEN a stopped program, and the number of calls that a capture makes
    pid = stop_at(snap, spawn(*program), USR1)
    before = snap.digest(pid)
    snap.capture(pid)
    calls = snap.last_call_count()
    assert calls > 0

    # WHEN each of them fails in turn
    failures = 0
    for call in range(1, calls + 1):
        try:
            snap.capture(pid, fail_at=call)
        except snap.Error as error:
            assert str(error), call
            failures += 1

        # THEN nothing has changed
        assert snap.digest(pid) == before, call

    # THEN it was told more than once, and the program finds nothing amiss
    assert failures > 1
    assert snap.run_until(pid, [USR2]) == USR2
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_a_restore_is_done_or_undone(
    snap: ModuleType, spawn: Spawn, program: list[str]
) -> None:
    pid = stop_at(snap, spawn(*program), USR1)
    check_done_or_undone(snap, pid)


def test_the_call_after_the_last_does_not_fail(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("vectors"), USR1)
    snap.capture(pid)
    calls = snap.last_call_count()
    snap.capture(pid, fail_at=calls + 1)
    with pytest.raises(snap.Error):
        snap.capture(pid, fail_at=1)
