# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot is brought to life in a new process, by the engine alone."""

import ctypes
import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest
from conftest import BUILD, Spawn, state, stop_at

PR_CAPBSET_DROP, CAP_NET_RAW = 24, 13
USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
PROGRAMS = ["threads", "timers", "state", "remaps"]


def program(name: str) -> list[str]:
    return [str(BUILD / "testsuite" / "plain" / f"{name}.story")]


def save(snap: ModuleType, spawn: Spawn, name: str) -> tuple[Any, dict[str, Any]]:
    """The snapshot of a program that is no more, and what it was like."""
    pid = stop_at(snap, spawn(name), USR1)
    wanted = state(snap, pid)
    snapshot = snap.capture(pid)
    snap.kill(pid)
    return snapshot, wanted


@pytest.fixture
def begin(snap: ModuleType) -> Iterator[Any]:
    """Starts programs that have done nothing yet; they are killed after the test."""
    started: list[int] = []

    def start(name: str, pid: int = 0) -> int:
        started.append(snap.spawn(program(name), pid=pid))
        return started[-1]

    yield start
    for pid in started:
        try:
            snap.kill(pid)
        except snap.InvalidRequest:
            pass  # it has ended


@pytest.mark.restores
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_goes_on_in_a_process_with_another_number(
    snap: ModuleType, spawn: Spawn, begin: Any, name: str
) -> None:
    # GIVEN the snapshot of a program that is no more
    snapshot, _ = save(snap, spawn, name)
    assert snap.check_revival(snapshot) == []

    # WHEN it is brought to life
    pid = begin(name)
    report = snap.revive(pid, snapshot)

    # THEN it is told what is different, and runs to its end
    assert any(f"number {pid}" in note for note in report["notes"])
    assert len(report["tids"]) == len(snapshot.threads())
    assert Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1] == [
        os.fsencode(word) for word in program(name)
    ]
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may choose a number")
@pytest.mark.parametrize("name", PROGRAMS + ["signals", "vectors"])
def test_it_is_what_it_was(
    snap: ModuleType, spawn: Spawn, begin: Any, name: str
) -> None:
    # GIVEN the snapshot of a program that is no more
    snapshot, wanted = save(snap, spawn, name)

    # WHEN it is brought to life with the number that it had
    pid = begin(name, snapshot.pid)
    if pid != snapshot.pid:
        pytest.skip("somebody else has its number now")
    report = snap.revive(pid, snapshot)
    if report["tids"] != [thread["tid"] for thread in snapshot.threads()]:
        pytest.skip("somebody else has a number of its threads now")

    # THEN registers and masks are those of the snapshot
    is_now = state(snap, pid)
    assert is_now["registers"] == wanted["registers"]
    assert is_now["masks"] == wanted["masks"]

    # THEN it runs to its end
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


def is_revived_without_net_raw(snap: ModuleType, snapshot: Any) -> bool:
    """By a process that cannot give it that capability: is that told?"""
    library = ctypes.CDLL(None, use_errno=True)
    assert library.prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0) == 0
    pid = snap.spawn(program("threads"))
    try:
        notes = snap.revive(pid, snapshot)["notes"]
        stop_at(snap, pid, USR2)
        assert snap.run_until(pid, []) == 0
    except BaseException:
        snap.kill(pid)
        raise
    return any("not have all capabilities" in note for note in notes)


@pytest.mark.restores
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities")
def test_capabilities_that_it_may_not_have_are_left_out(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN the snapshot of a program with all capabilities
    snapshot, _ = save(snap, spawn, "threads")
    snapshot.settle()

    # WHEN it is brought to life by somebody who can give it fewer
    child = os.fork()
    if not child:
        status = 1
        try:
            status = 0 if is_revived_without_net_raw(snap, snapshot) else 2
        finally:
            os._exit(status)

    # THEN that is told, and it runs to its end
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.restores
@pytest.mark.parametrize("name", ["threads", "remaps", "large"])
def test_a_failure_leaves_a_process_that_can_be_killed(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path, name: str
) -> None:
    # GIVEN a snapshot, and how many calls it takes to bring it to life
    if name == "large":
        snapshot = snap.load(str(image(snap, spawn, tmp_path)), later=True)
    else:
        snapshot, _ = save(snap, spawn, name)
    snap.revive(begin(name), snapshot)
    calls = snap.last_call_count()
    failures = 0

    for call in range(1, calls, 41):
        # WHEN one of them fails
        pid = begin(name)
        try:
            snap.revive(pid, snapshot, fail_at=call)
        except snap.Error:
            failures += 1

        # THEN nothing is left of the process once it was killed
        snap.kill(pid)
        assert not Path(f"/proc/{pid}").exists()
    assert failures > calls / 41 / 2


def image(snap: ModuleType, spawn: Spawn, folder: Path) -> Path:
    """The image of a program with large memory that is no more."""
    snapshot, _ = save(snap, spawn, "large")
    path = folder / "image"
    snapshot.write(str(path))
    return path


def largest(snapshot: Any) -> int:
    """Where the largest piece of memory of the program's own begins."""
    mappings = [each for each in snapshot.mappings() if not each["name"]]
    start: int = max(mappings, key=lambda each: each["end"] - each["start"])["start"]
    return start


def is_same_memory(snap: ModuleType, one: Any, other: Any) -> bool:
    """Whether two snapshots of the same mappings hold the same."""
    return not snap.diff(one, other)["memory"]


def own_kib(pid: int) -> int:
    """How much memory a process has for itself."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1])


@pytest.mark.restores
@pytest.mark.parametrize("verify_memory", [True, False])
def test_large_memory_comes_straight_from_the_image(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path, verify_memory: bool
) -> None:
    # GIVEN an image whose large memory has been left in it
    before = own_kib(stop_at(snap, spawn("large"), USR1))
    path = image(snap, spawn, tmp_path)
    snapshot = snap.load(str(path), later=True)
    assert not snapshot.is_settled
    assert snap.check_revival(snapshot) == []

    # WHEN it is brought to life
    pid = begin("large")
    report = snap.revive(pid, snapshot, verify_memory=verify_memory)

    # THEN nothing has been read into the store, and pages of zeros were not made
    assert not snapshot.is_settled
    assert report["bytes_written"] > 32 << 20
    assert own_kib(pid) < before + 4096

    # THEN it runs to its end, and can be rewound on the way
    stop_at(snap, pid, USR2)
    later = snap.capture(pid)
    assert snap.run_until(pid, [USR1]) == 0
    assert later.size > 32 << 20


@pytest.mark.restores
def test_a_page_that_should_not_be_there_is_found(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path
) -> None:
    # GIVEN large memory that is left in an image
    path = image(snap, spawn, tmp_path)
    zeros = largest(snap.load(str(path)))
    snapshot = snap.load(str(path), later=True)
    pid = begin("large")

    def write(phase: str, *_: int) -> bool:
        if phase == "Verifying memory":
            with open(f"/proc/{pid}/mem", "wb", buffering=0) as memory:
                memory.seek(zeros + 100)
                memory.write(b"1")
        return True

    # WHEN somebody writes to one of its pages of zeros once it has been filled
    # THEN that is told
    with pytest.raises(snap.Mismatch, match=f"{zeros:x}"):
        snap.revive(pid, snapshot, progress=write)


@pytest.mark.restores
def test_who_looks_at_it_gets_it_read(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path
) -> None:
    # GIVEN an image that was read at once, and as late as possible
    path = image(snap, spawn, tmp_path)
    wanted, snapshot = snap.load(str(path)), snap.load(str(path), later=True)
    path.unlink()
    assert wanted.is_settled and not snapshot.is_settled

    # THEN what is asked for is there, and the image is not needed any more
    start = largest(wanted)
    assert snapshot.read(start, 1 << 20) == wanted.read(start, 1 << 20)
    assert snapshot.is_settled
    assert is_same_memory(snap, wanted, snapshot)

    # THEN it can be brought to life
    pid = begin("large")
    snap.revive(pid, snapshot)
    stop_at(snap, pid, USR2)
    assert snap.run_until(pid, []) == 0


@pytest.mark.restores
def test_it_can_be_written_before_it_is_read(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    # GIVEN a snapshot whose large memory is still in its image
    path = image(snap, spawn, tmp_path)
    snapshot = snap.load(str(path), later=True)

    # WHEN another image is written of it, in the background
    writing = snapshot.begin_write(str(tmp_path / "other"))
    writing.wait()

    # THEN both are the same
    assert (tmp_path / "other").read_bytes()[-(1 << 20) :] == path.read_bytes()[
        -(1 << 20) :
    ]
    other = snap.load(str(tmp_path / "other"))
    assert is_same_memory(snap, snap.load(str(path)), other)


def flip(path: Path, word: bytes) -> None:
    """Change a byte of what is in a file somewhere."""
    with open(path, "r+b") as file:
        at = file.read().index(word)
        file.seek(at)
        file.write(bytes([word[0] ^ 1]))


@pytest.mark.restores
def test_a_damaged_image_is_refused(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path
) -> None:
    # GIVEN an image with one wrong byte in what is left in it
    path = image(snap, spawn, tmp_path)
    good = snap.load(str(path))
    # It is in an extent that no other mapping has a part of.
    flip(path, good.read(largest(good) + (22 << 20), 4096))
    snapshot = snap.load(str(path), later=True)

    # WHEN it is brought to life, or looked at
    # THEN it is refused, each time
    for _ in range(2):
        with pytest.raises(snap.Corrupt, match="image: its memory from 0x.* is not"):
            snap.revive(begin("large"), snapshot)
    for _ in range(2):
        with pytest.raises(snap.Corrupt, match="is not what was written"):
            snapshot.settle()


@pytest.mark.restores
def test_an_image_that_is_cut_short_meanwhile_is_refused(
    snap: ModuleType, spawn: Spawn, begin: Any, tmp_path: Path
) -> None:
    # GIVEN a snapshot whose image gets shorter
    path = image(snap, spawn, tmp_path)
    snapshot = snap.load(str(path), later=True)
    os.truncate(path, path.stat().st_size // 4)

    # WHEN it is brought to life, THEN it is refused
    with pytest.raises(snap.Corrupt, match="image: "):
        snap.revive(begin("large"), snapshot)


@pytest.mark.restores
def test_all_problems_are_told_at_once(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN the snapshot of a program with files that nothing leads to any more
    snapshot, _ = save(snap, spawn, "lost")

    # WHEN it is asked what stands in the way
    problems = snap.check_revival(snapshot)

    # THEN each is named
    for name in ("one", "other"):
        assert any(f"/memfd:{name} (deleted)" in problem for problem in problems)
