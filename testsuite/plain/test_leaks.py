# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls made again and again take no memory: objects and files are given back.

Under a sanitizer or valgrind, where malloc() is Python's allocator, it is they who
count, and the bytes of the core too: the tables of tracemalloc would look like a leak.
"""

import gc
import os
import signal
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Callable

import pytest
from conftest import Spawn, stop_at

ROUNDS = 10
# One object of the smallest kind, leaked once a round, is more than this.
LIMIT = ROUNDS * 16


def growth(action: Callable[[], object]) -> int:
    """Bytes that Python has more after every batch of rounds.

    The least of some batches: its table of interned strings grows now and then, and
    that is no leak; a leak is in each of them.
    """
    action()
    if os.environ.get("PYTHONMALLOC") == "malloc":
        for _ in range(ROUNDS):
            action()
        return 0
    batches = []
    tracemalloc.start()
    try:
        for _ in range(4):
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(ROUNDS):
                action()
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
            batches.append(after - before)
    finally:
        tracemalloc.stop()
    return min(batches)


def open_files() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def test_describing_a_snapshot(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("vectors"), signal.SIGUSR1)

    def describe() -> None:
        snapshot = snap.capture(
            pid, patches=[(1 << 40, b"x")], progress=lambda *_: True
        )
        snapshot.label = "one" + " two"
        snapshot.set_parent(snapshot)
        for name in dir(type(snapshot)):
            if not callable(getattr(snapshot, name)):
                getattr(snapshot, name)
        snapshot.threads()
        snapshot.mappings()
        snapshot.registers(pid)
        snapshot.backtraces()
        snapshot.read(snapshot.threads()[0]["sp"], 64)
        snap.live_backtrace(pid)
        snap.digest(pid)
        snap.check_identity(pid, snapshot)

    describe()  # libunwind opens a pipe for good, once
    before = open_files()
    assert growth(describe) < LIMIT
    assert open_files() == before


@pytest.mark.restores
def test_restoring(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("vectors"), signal.SIGUSR1)
    snapshot = snap.capture(pid)

    def restore() -> None:
        snap.explain(pid, snapshot, patches=[(1 << 40, b"x")])
        snap.restore(pid, snapshot, patches=[(1 << 40, b"x")])

    before = open_files()
    assert growth(restore) < LIMIT
    assert open_files() == before


def test_tracing(snap: ModuleType, spawn: Spawn) -> None:
    def trace() -> None:
        pid = snap.spawn(["/bin/true", "an argument"])
        snap.resume(pid)
        snap.kill(pid)
        pid = snap.spawn(["/bin/true"])
        assert snap.run_until(pid, [signal.SIGUSR1]) == 0

    before = open_files()
    assert growth(trace) < LIMIT
    assert open_files() == before


def test_errors(snap: ModuleType, spawn: Spawn, tmp_path: Path) -> None:
    pid = spawn("events", "exit")
    snapshot = snap.capture(pid)

    def raise_one(phase: str, done: int, total: int) -> bool:
        raise LookupError

    def fail() -> None:
        for call in (
            lambda: snap.capture(pid, fail_at=1),
            lambda: snap.capture(pid, patches=[(1, b"x"), (2, b"")]),
            lambda: snap.capture(pid, progress=raise_one),
            lambda: snap.capture(pid, progress=lambda *_: False),
            lambda: snap.restore(pid, snapshot, fail_at=1),
            lambda: snap.restore(pid, snapshot, patches=3),
            lambda: snap.restore(pid, None),
            lambda: snap.load(tmp_path / "none"),
            lambda: snap.load(tmp_path / "none", 3, 4),
            lambda: snap.spawn(["/no/such"]),
            lambda: snap.spawn(["a", "b\0"]),
            lambda: snap.run_until(pid, [1, 99]),
            lambda: snap.stop(1),
            lambda: snapshot.registers(1),
            lambda: snapshot.read(0, 1),
            lambda: snapshot.write(tmp_path / "none" / "none"),
            lambda: setattr(snapshot, "label", "a\0b"),
            lambda: setattr(snapshot, "note", 3),
        ):
            with pytest.raises(Exception):
                call()

    before = open_files()
    assert growth(fail) < LIMIT
    assert open_files() == before
