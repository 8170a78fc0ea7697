# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory is copied from a frozen copy of the process, while the process runs on."""

import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import Spawn, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
SIZE = "24"


def contents(snapshot: Any) -> list[bytes]:
    """All memory that is the process's own and writable."""
    return [
        snapshot.read(row["start"], row["end"] - row["start"])
        for row in snapshot.mappings()
        if row["contents"] == "zero" and row["prot"].startswith("rw")
    ]


def tracees() -> set[int]:
    """The processes that this one traces."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            words = status.read_text().split("TracerPid:", 1)[1].split()
        except (OSError, IndexError):
            continue  # it has ended meanwhile
        if int(words[0]) == os.getpid():
            found.add(int(status.parent.name))
    return found


def digest(snap: ModuleType, pid: int) -> dict[str, str]:
    """All but the flags of mappings: those that are tracked have one more."""
    found: dict[str, str] = snap.digest(pid)
    found.pop("mappings' flags")
    return found


@pytest.mark.restores
def test_a_save_holds_what_was_there_while_the_process_changes_it(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a process, and a snapshot for which it was stopped
    pid = stop_at(snap, spawn("pages", SIZE), USR1)
    stopped = snap.capture(pid, copying="at-once")

    # WHEN another one is taken, and the process changes all its memory at once
    snapshot = snap.capture(pid, copying="later")
    stop_at(snap, pid, USR2)

    # THEN it holds what there was, and the process has noticed nothing
    assert snapshot.copying == "in the background, from a frozen copy"
    assert not snap.diff(stopped, snapshot)["memory"]
    assert snapshot.is_settled
    assert snap.diff(stopped, snap.capture(pid, copying="at-once"))["memory"]
    assert tracees() == {pid}

    # THEN it can be restored, and all comes true again
    snap.restore(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def test_a_second_save_follows_the_first(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN two snapshots in a row
    pid = stop_at(snap, spawn("pages", SIZE), USR1)
    first = snap.capture(pid)
    stop_at(snap, pid, USR2)
    second = snap.capture(pid)

    # WHEN the process has ended
    assert snap.run_until(pid, []) == 0

    # THEN both come, each with its own
    assert contents(first) != contents(second)
    assert first.is_settled and second.is_settled
    assert tracees() == set()


def test_a_snapshot_that_is_forgotten_is_not_copied_on(
    snap: ModuleType, spawn: Spawn
) -> None:
    pid = stop_at(snap, spawn("pages", SIZE), USR1)
    snapshot = snap.capture(pid)
    del snapshot
    assert tracees() == {pid}


def test_a_copy_that_is_killed_is_told_of_and_never_taken_for_whole(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    # GIVEN a snapshot whose frozen copy was killed, as the kernel does without memory
    pid = stop_at(snap, spawn("pages", "256"), USR1)
    snapshot = snap.capture(pid)
    for twin in tracees() - {pid}:
        os.kill(twin, signal.SIGKILL)

    # WHEN it is used, THEN that is an error, each time
    for use in (
        snapshot.settle,
        lambda: snap.restore(pid, snapshot),
        lambda: contents(snapshot),
        lambda: snap.diff(snapshot, snapshot),
        lambda: snapshot.write(str(tmp_path / "image")),
        snapshot.backtraces,
    ):
        with pytest.raises(snap.Gone, match="the snapshot is incomplete: process") as e:
            use()
        assert e.value.remedy == "delete it and take another one"
    assert not list(tmp_path.iterdir())
    assert snapshot.registers(pid)

    # THEN the process goes on
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
def test_waiting_can_be_interrupted(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a snapshot that is being copied
    pid = stop_at(snap, spawn("pages", "512"), USR1)
    snapshot = snap.capture(pid)
    phases = []

    def refuse(phase: str, done: int, total: int) -> bool:
        phases.append((phase, done <= total))
        return False

    # WHEN somebody who waits for it does not want to any more
    try:
        snapshot.settle(refuse)
    except snap.Interrupted:
        # THEN the copying goes on
        assert phases == [("Copying memory", True)]
    snapshot.settle()
    assert snapshot.is_settled


@pytest.mark.sweeps
@pytest.mark.parametrize("program", [["pages", "1"], ["threads", "2"]], ids=" ".join)
def test_whatever_fails_no_frozen_copy_stays(
    snap: ModuleType, spawn: Spawn, program: list[str]
) -> None:
    # GIVEN a stopped program, and the number of calls that a capture makes
    pid = stop_at(snap, spawn(*program), USR1)
    before = digest(snap, pid)
    stopped = snap.capture(pid, copying="at-once")
    snap.capture(pid, copying="later")
    calls = snap.last_call_count()
    copyings = set()

    # WHEN each of them fails in turn
    for call in range(1, calls + 1):
        try:
            snapshot = snap.capture(pid, copying="later", fail_at=call)
        except snap.Error as error:
            assert str(error), call
        else:
            # THEN it was done, if need be in another way
            assert not snap.diff(stopped, snapshot)["memory"], call
            copyings.add(snapshot.copying)

        # THEN nothing has changed, and there is no other process
        assert digest(snap, pid) == before, call
        assert tracees() == {pid}, call

    # THEN it was done without one more than once
    assert len(copyings) > 2
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def test_the_snapshot_says_why_the_process_was_stopped_for_it(
    snap: ModuleType, spawn: Spawn
) -> None:
    pid = stop_at(snap, spawn("vectors"), USR1)
    for copying, words in (
        ("as-fits", "while the process was stopped: that is quicker for so little"),
        ("at-once", "while the process was stopped: that was asked for"),
    ):
        assert snap.capture(pid, copying=copying).copying == words
    with pytest.raises(ValueError):
        snap.capture(pid, copying="never")


@pytest.mark.restores
def test_a_save_right_behind_another_does_not_wait_for_it(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a snapshot that is being copied
    pid = stop_at(snap, spawn("pages", "512"), USR1)
    snap.set_tracking("userfaultfd")
    first = snap.capture(pid, copying="later")
    if first.tracking["way"] != "userfaultfd":
        pytest.skip("this kernel has no asynchronous write protection")

    # WHEN another one is taken at once
    phases = set()
    second = snap.capture(
        pid, progress=lambda phase, *unused: phases.add(phase) or True
    )

    # THEN it did not wait, and both are whole and alike
    assert "Copying memory" not in phases
    assert not snap.diff(first, second)["memory"]
    assert second.copying == (
        "while the process was stopped: most of it is in the last snapshot"
    )
    assert second.usage["alone"] < 1 << 20 < second.usage["shared"]

    # THEN the second one is as good without the first
    del first
    stop_at(snap, pid, USR2)
    snap.restore(pid, second)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
def test_what_changed_behind_a_save_is_in_the_next_one(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a snapshot that is being copied, and a process that changes all its memory
    pid = stop_at(snap, spawn("pages", "64"), USR1)
    snap.set_tracking("userfaultfd")
    first = snap.capture(pid, copying="later")
    stop_at(snap, pid, USR2)

    # WHEN another one is taken at once, and one for which nothing is taken for granted
    second = snap.capture(pid)
    snap.set_tracking("contents")
    third = snap.capture(pid, copying="at-once")

    # THEN these are alike, and the first is another
    assert not snap.diff(second, third)["memory"]
    assert snap.diff(first, second)["memory"]
    snap.restore(pid, first)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0
