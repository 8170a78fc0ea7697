# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests under plain python3: the module, and programs it traces."""

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Iterator

import pytest

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("SNAPSHOT_BUILD", HERE.parents[1] / "build")).resolve()

Spawn = Callable[..., int]

# The sanitizer is for us, not for the programs that we start.
os.environ.pop("LD_PRELOAD", None)


def import_module() -> ModuleType:
    path = BUILD / "gdbext" / "_snapshot.so"
    spec = importlib.util.spec_from_file_location("_snapshot", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["_snapshot"] = module
    spec.loader.exec_module(module)
    return module


MODULE = import_module()


@pytest.fixture
def snap() -> ModuleType:
    return MODULE


@pytest.fixture
def spawn(snap: ModuleType) -> Iterator[Spawn]:
    """Start a program of this folder under ptrace; it is killed after the test."""
    started: list[int] = []

    def start(name: str, *words: str) -> int:
        program = BUILD / "testsuite" / "plain" / f"{name}.story"
        pid: int = snap.spawn([str(program), *words])
        started.append(pid)
        return pid

    yield start
    for pid in started:
        try:
            snap.kill(pid)
        except snap.InvalidRequest:
            pass  # it has ended, or the test has killed it or let it go


def stop_at(snap: ModuleType, pid: int, number: int) -> int:
    """Let a process run to a signal; the pid again."""
    stopped = snap.run_until(pid, [number])
    if stopped == -77:
        pytest.skip("the program says that this machine has not what it is about")
    assert stopped == number
    return pid


PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET = 77, 2


def skip_without_timer_numbers(name: str) -> None:
    """For programs that delete timers, which come back into the same process."""
    get = PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET
    if name == "timers" and ctypes.CDLL(None).prctl(*get, 0, 0, 0) < 0:
        pytest.skip("numbers of POSIX timers: Linux 6.15")


def state(snap: ModuleType, pid: int) -> dict[str, Any]:
    """What two snapshots of the same instant have in common."""
    snapshot = snap.capture(pid)
    registers = {
        (thread["tid"], row["name"]): row["value"]
        for thread in snapshot.threads()
        for row in snapshot.registers(thread["tid"])
        # No signal frame carries the number of the system call (x86, where it is -1
        # behind one) or how the thread came into the kernel, and which registers are
        # loaded just now (POWER).
        if row["name"] not in ("orig_rax", "trap", "msr")
    }
    masks = {thread["tid"]: thread["sigmask"] for thread in snapshot.threads()}
    memory = {
        name: value
        for name, value in snap.digest(pid).items()
        if name.startswith(("memory", "mappings", "pending", "process"))
    }
    return {"registers": registers, "masks": masks, "memory": memory}


def fail_each_call(
    snap: ModuleType,
    pid: int,
    snapshot: Any,
    calls: int,
    was_restored: Callable[[], object],
) -> None:
    """
    Restore with one call into the kernel after the other failing: each time it is told
    and nothing has changed, or the restore was done another way.

    @param calls How many calls a restore makes.
    @param was_restored Called after such a one: bring the process on again.
    """
    failures = 0
    before = snap.digest(pid)
    for call in range(1, calls + 1):
        try:
            snap.restore(pid, snapshot, fail_at=call)
        except snap.UndoFailed:
            raise
        except snap.Error as error:
            assert snap.digest(pid) == before, (call, str(error))
            failures += 1
        else:
            was_restored()
            before = snap.digest(pid)
    assert failures > calls / 2, "it was told more often than not"


def check_done_or_undone(snap: ModuleType, pid: int) -> None:
    """
    Let a program run on from SIGUSR1 to SIGUSR2, and each call of its restore fail.

    @param pid Stopped at SIGUSR1. It has ended well afterwards.
    """
    # GIVEN a program that has run on since its snapshot
    snapshot = snap.capture(pid)
    wanted = state(snap, pid)
    stop_at(snap, pid, signal.SIGUSR2)
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
    stop_at(snap, pid, signal.SIGUSR2)
    assert snap.run_until(pid, []) == 0
