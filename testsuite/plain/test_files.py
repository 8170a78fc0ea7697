# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever fails while files are put back, they are as they were before the command."""

import signal
from pathlib import Path
from types import ModuleType

import pytest
from conftest import Spawn, fail_each_call, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2

SCENES = [
    ("table", "closed"),
    ("table", "opened"),
    ("table", "swapped"),
    ("table", "moved"),
    ("table", "replaced"),
    ("table", "full"),
    ("table", "close-on-exec"),
    ("status", "flags"),
    ("status", "owner"),
    ("counters", "eventfd"),
    ("counters", "eventfd-closed"),
    ("counters", "timerfd"),
    ("counters", "signalfd"),
    ("pipes", "refilled"),
    ("pipes", "closed"),
    ("pipes", "crossed"),
    ("pipes", "packets"),
    ("sets", "changed"),
    ("sets", "target-replaced"),
    ("sets", "set-closed"),
    ("sets", "inotify"),
    ("locks", "flock"),
    ("locks", "ofd"),
    ("locks", "posix-closed"),
    ("odd", "device"),
    ("odd", "removed-twice"),
]


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The programs tell by signals where they are, and work in a folder of the test."""
    monkeypatch.setenv("STORY_SIGNALS", "1")
    monkeypatch.chdir(tmp_path)


@pytest.mark.restores
@pytest.mark.parametrize("program, scene", SCENES)
def test_a_restore_of_files_is_done_or_undone(
    snap: ModuleType, spawn: Spawn, program: str, scene: str
) -> None:
    # GIVEN a program that has changed its files since its snapshot
    pid = stop_at(snap, spawn(f"../gdb/files/{program}", scene), USR1)
    snapshot = snap.capture(pid)
    stop_at(snap, pid, USR2)
    late = snap.capture(pid)
    snap.restore(pid, snapshot)
    calls = snap.last_call_count()
    snap.restore(pid, late)

    # WHEN each of the calls of a restore fails in turn
    # THEN nothing has changed, or it was done another way
    fail_each_call(snap, pid, snapshot, calls, lambda: snap.restore(pid, late))

    # THEN the program finds all as it was
    snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def test_a_capture_of_files_leaves_no_trace(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program with a full pipe in packets, and one with epoll sets
    for program, scene in (("pipes", "packets"), ("sets", "changed")):
        pid = stop_at(snap, spawn(f"../gdb/files/{program}", scene), USR1)
        before = snap.digest(pid)

        # WHEN it is captured, THEN nothing has changed
        snap.capture(pid)
        assert snap.digest(pid) == before
