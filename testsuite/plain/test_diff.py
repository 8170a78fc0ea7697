# SPDX-License-Identifier: GPL-3.0-or-later
"""A difference is what has changed, and comparing changes nothing."""

import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

import pytest
from conftest import Spawn, stop_at
from test_errors import control_c

__all__ = ["control_c"]

PAGE = 4096


@pytest.mark.parametrize("program", ["steps", "threads", "vectors"])
def test_two_snapshots_of_one_stop_do_not_differ(
    snap: ModuleType, spawn: Spawn, tmp_path: Path, program: str
) -> None:
    # GIVEN a snapshot of a stopped program
    pid = stop_at(snap, spawn(program), signal.SIGUSR1)
    first = snap.capture(pid)
    before = snap.digest(pid)

    # WHEN it is compared with others of the same stop, one by way of an image
    first.write(tmp_path / "image")
    for second in (first, snap.capture(pid), snap.load(tmp_path / "image")):
        found = snap.diff(first, second)

        # THEN nothing differs
        assert found.pop("is_empty")
        assert not any(found.values()), found
    assert snap.digest(pid) == before


@pytest.fixture
def one_cpu() -> Iterator[None]:
    """The kernel notes in struct rseq on which CPU a thread runs: no difference that
    is told of, but one in its bytes."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    yield
    os.sched_setaffinity(0, allowed)


@pytest.mark.usefixtures("one_cpu")
def test_every_page_that_was_written_is_told(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program that writes another pattern over 1.5 MiB
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    old = snap.capture(pid)
    stop_at(snap, pid, signal.SIGUSR2)
    new = snap.capture(pid)

    # WHEN it is compared
    found = snap.diff(old, new, max_ranges=1 << 20)

    # THEN what is told to differ does, and what is not does not
    told = {
        page
        for row in found["memory"]
        for page in range(row["start"] // PAGE, (row["end"] - 1) // PAGE + 1)
    }
    for mapping in new.mappings():
        for start in range(mapping["start"], mapping["end"], PAGE):
            was, now = content(snap, old, start), content(snap, new, start)
            if was is not None and now is not None:
                assert (was != now) == (start // PAGE in told), hex(start)
    assert found["memory_bytes"] >= 6 * (1 << 18)
    assert found["memory_ranges"] == len(found["memory"])


def content(snap: ModuleType, snapshot: Any, address: int) -> Any:
    try:
        return snapshot.read(address, PAGE)
    except snap.InvalidRequest:
        return None


def test_ranges_beyond_the_wanted_are_counted(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    old = snap.capture(pid)
    stop_at(snap, pid, signal.SIGUSR2)
    new = snap.capture(pid)
    all_of_them = snap.diff(old, new, max_ranges=1 << 20)
    few = snap.diff(old, new, max_ranges=2)
    assert few["memory"] == all_of_them["memory"][:2]
    for name in ("memory_ranges", "memory_bytes", "registers"):
        assert few[name] == all_of_them[name]


def test_registers_have_the_values_of_the_snapshots(
    snap: ModuleType, spawn: Spawn
) -> None:
    pid = stop_at(snap, spawn("vectors"), signal.SIGUSR1)
    old = snap.capture(pid)
    stop_at(snap, pid, signal.SIGUSR2)
    new = snap.capture(pid)
    found = snap.diff(old, new)["registers"]
    assert found
    for change in found:
        for snapshot, register in ((old, change["old"]), (new, change["new"])):
            assert register in snapshot.registers(change["tid"])
        assert change["old"]["value"] != change["new"]["value"]


def test_variables_and_functions_have_names(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program with a variable of 256 KiB that it has written to
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    snapshot = snap.capture(pid)
    (code,) = [
        mapping["start"]
        for mapping in snapshot.mappings()
        if mapping["name"] == snapshot.exe and mapping["prot"] == "r-xp"
    ]
    addresses = range(code, code + (1 << 21), 16)

    # WHEN it is asked for the names around its code
    found = snap.symbols(snapshot, addresses)

    # THEN both are there, with offsets that go on
    names = {address: name for address, name in zip(addresses, found) if name}
    assert "main" in {name for name, _ in names.values()}
    bss = [(address, at) for address, (name, at) in names.items() if name == "bss"]
    assert len(bss) == (1 << 18) // 16
    assert len({address - at for address, at in bss}) == 1
    assert snap.symbols(snapshot, [0, (1 << 64) - 1]) == [None, None]


def test_the_callback_is_told_how_far_it_is_and_may_stop(
    snap: ModuleType, spawn: Spawn
) -> None:
    snapshot = snap.capture(stop_at(snap, spawn("steps"), signal.SIGUSR1))
    told: list[tuple[str, int, int]] = []

    def note(phase: str, done: int, total: int) -> bool:
        told.append((phase, done, total))
        return True

    snap.diff(snapshot, snapshot, progress=note)
    assert {phase for phase, _, _ in told} == {"Comparing memory"}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] <= told[-1][2] == snapshot.size
    with pytest.raises(snap.Interrupted):
        snap.diff(snapshot, snapshot, progress=lambda *_: False)


@pytest.mark.usefixtures("control_c")
def test_control_c_stops_a_comparison(snap: ModuleType, spawn: Spawn) -> None:
    snapshot = snap.capture(stop_at(snap, spawn("steps"), signal.SIGUSR1))

    def interrupt(phase: str, done: int, total: int) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    with pytest.raises(KeyboardInterrupt):
        snap.diff(snapshot, snapshot, progress=interrupt)


def test_what_cannot_be_compared_is_refused(snap: ModuleType, spawn: Spawn) -> None:
    snapshot = snap.capture(spawn("steps"))
    with pytest.raises(TypeError):
        snap.diff(snapshot, None)
    with pytest.raises(ValueError):
        snap.diff(snapshot, snapshot, max_ranges=-1)
    with pytest.raises(TypeError):
        snap.symbols(snapshot, ["main"])
    with pytest.raises(OverflowError):
        snap.symbols(snapshot, [-1])
