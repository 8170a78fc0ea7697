# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot says what the process was, and taking it changes nothing there."""

import mmap
import os
import platform
import signal
import struct
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import Spawn, stop_at

Registers = dict[str, bytes]


def registers(snapshot: Any, tid: int) -> Registers:
    return {row["name"]: row["value"] for row in snapshot.registers(tid)}


def maps(pid: int) -> list[list[str]]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return [line.split(None, 5) for line in lines]


@pytest.mark.parametrize("program", ["steps", "threads", "vectors"])
def test_capture_leaves_no_trace(snap: ModuleType, spawn: Spawn, program: str) -> None:
    # GIVEN a program stopped by a signal
    pid = stop_at(snap, spawn(program), signal.SIGUSR1)
    before = snap.digest(pid)

    # WHEN snapshots are taken
    for _ in range(3):
        assert snap.capture(pid).omissions == []

    # THEN nothing has changed, and the program finds nothing amiss
    assert snap.digest(pid) == before
    assert snap.run_until(pid, [signal.SIGUSR2]) == signal.SIGUSR2
    assert snap.run_until(pid, []) == 0


def test_it_knows_whose_it_is(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a stopped program
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    exe = os.readlink(f"/proc/{pid}/exe")
    earliest = time.time()

    # WHEN a snapshot is taken
    snapshot = snap.capture(pid)

    # THEN it tells who, where, when
    assert (snapshot.pid, snapshot.current_tid, snapshot.exe) == (pid, pid, exe)
    assert snapshot.command_line == exe
    assert snapshot.arch == os.uname().machine
    assert snapshot.host == os.uname().nodename
    assert os.uname().release in snapshot.kernel
    assert earliest - 1 < snapshot.time < time.time() + 1
    assert snapshot.exe_build_id and bytes.fromhex(snapshot.exe_build_id)
    assert len(snapshot.uuid) == 36 and snapshot.parent is None
    assert snapshot.cpu and all(
        isinstance(value, (int, str)) for value in snapshot.cpu.values()
    )


def test_it_has_all_threads_and_their_state(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program with nine threads
    pid = stop_at(snap, spawn("threads"), signal.SIGUSR1)
    tids = sorted(map(int, os.listdir(f"/proc/{pid}/task")))

    # WHEN a snapshot is taken, one of its threads selected
    snapshot = snap.capture(pid, current_tid=tids[3])

    # THEN all are in it, the leader first, with what /proc says of them
    threads = snapshot.threads()
    assert [thread["tid"] for thread in threads] == tids
    assert snapshot.current_tid == tids[3]
    assert threads[0]["stop_signal"] == signal.SIGUSR1
    assert struct.unpack_from("=i", threads[0]["siginfo"])[0] == signal.SIGUSR1
    for thread in threads:
        comm = Path(f"/proc/{pid}/task/{thread['tid']}/comm").read_text().strip()
        assert thread["comm"] == comm
        assert thread["regsets"]
        assert thread["rseq"] is None or len(thread["rseq"]) == 4
        assert thread["sigmask"] == 0
        assert thread["robust_list"][1] == 24
    # THEN each has its own program counter in code and stack pointer in a stack
    assert len({thread["sp"] for thread in threads}) == len(threads)


def test_registers_of_all_threads_are_their_own(snap: ModuleType, spawn: Spawn) -> None:
    pid = stop_at(snap, spawn("threads"), signal.SIGUSR1)
    snapshot = snap.capture(pid)
    for thread in snapshot.threads():
        values = registers(snapshot, thread["tid"])
        assert thread["pc"] in [int.from_bytes(v, "little") for v in values.values()]
        assert thread["sp"] in [int.from_bytes(v, "little") for v in values.values()]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="vectors.c is for x86-64")
def test_vector_registers_hold_what_the_program_put_there(
    snap: ModuleType, spawn: Spawn
) -> None:
    # GIVEN a program that filled its vector registers with a known pattern
    pid = stop_at(snap, spawn("vectors"), signal.SIGUSR1)

    # WHEN a snapshot is taken
    found = registers(snap.capture(pid), pid)

    # THEN the pattern is there, as wide as this CPU has it
    prefix, nr = next(
        row for row in (("zmm", 32), ("ymm", 16), ("xmm", 16)) if row[0] + "0" in found
    )
    for i in range(nr):
        value = found[f"{prefix}{i}"]
        assert value == bytes((i * 64 + j) % 251 for j in range(len(value))), (
            prefix,
            i,
        )


def test_mappings_are_those_of_proc(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN what the kernel says
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    rows = maps(pid)

    # WHEN a snapshot is taken
    mappings = snap.capture(pid).mappings()

    # THEN it says the same, and holds no more than there is
    assert [f"{m['start']:x}-{m['end']:x}".zfill(1) for m in mappings] == [
        "-".join(f"{int(part, 16):x}" for part in row[0].split("-")) for row in rows
    ]
    assert [m["prot"] for m in mappings] == [row[1] for row in rows]
    assert [m["offset"] for m in mappings] == [int(row[2], 16) for row in rows]
    assert [m["name"] for m in mappings] == [
        row[5] if len(row) > 5 else "" for row in rows
    ]
    assert all(0 <= m["held"] <= m["end"] - m["start"] for m in mappings)
    assert sum(m["held"] for m in mappings) == snap.capture(pid).size
    stack = next(m for m in mappings if m["name"] == "[stack]")
    assert "gd" in stack["flags"] and stack["contents"] == "zero"


def test_memory_is_read_as_it_was(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a snapshot, and the memory of the process at that instant
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    snapshot = snap.capture(pid)
    places = [m for m in snapshot.mappings() if m["prot"].startswith("rw-p")]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        wanted = [
            os.pread(memory.fileno(), m["end"] - m["start"], m["start"]) for m in places
        ]

    # WHEN the program has changed it
    stop_at(snap, pid, signal.SIGUSR2)

    # THEN the snapshot still has all of it: held or, where never touched, zeros
    for mapping, bytes_then in zip(places, wanted):
        if mapping["contents"] == "zero":
            size = mapping["end"] - mapping["start"]
            assert snapshot.read(mapping["start"], size) == bytes_then, mapping
    assert snapshot.read(0, 0) == b""


def test_memory_that_is_not_held_is_refused(snap: ModuleType, spawn: Spawn) -> None:
    snapshot = snap.capture(stop_at(snap, spawn("steps"), signal.SIGUSR1))
    # Of a library its first page is held, and what was written to.
    end = next(
        m["end"]
        for m in snapshot.mappings()
        if m["contents"] == "file" and "w" not in m["prot"]
        if m["held"] <= mmap.PAGESIZE < m["end"] - m["start"]
    )
    last = max(m["end"] for m in snapshot.mappings() if m["end"] < 1 << 63)
    for address, size in ((0, 1), (end - 1, 1), (last - 1, 2), (last, 1 << 63)):
        with pytest.raises(snap.InvalidRequest, match="0x"):
            snapshot.read(address, size)
    for bad in ((-1, 1), (0, -1), (1 << 64, 1), ("0", 1)):
        with pytest.raises((OverflowError, TypeError)):
            snapshot.read(*bad)


def test_a_thread_that_is_not_there_is_refused(snap: ModuleType, spawn: Spawn) -> None:
    snapshot = snap.capture(spawn("events", "exit"))
    with pytest.raises(snap.InvalidRequest, match="thread 1"):
        snapshot.registers(1)


def test_a_patch_is_not_in_the_snapshot(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN bytes in the stack that are said to be a debugger's, in any order
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    address: int = snap.capture(pid).threads()[0]["sp"]
    patches = [(address + 8, b"wxyz"), (address, b"abc")]

    # WHEN a snapshot is taken
    snapshot = snap.capture(pid, patches=patches)

    # THEN it has what the program had there, and the process is as it was
    assert snapshot.read(address, 3) == b"abc"
    assert snapshot.read(address + 8, 4) == b"wxyz"
    assert snap.capture(pid).read(address, 3) != b"abc"


def test_parents_are_set_by_snapshot(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "exit")
    first, second = snap.capture(pid), snap.capture(pid)
    second.set_parent(first)
    assert second.parent == first.uuid != second.uuid
    second.set_parent(None)
    assert second.parent is None
    with pytest.raises(TypeError):
        second.set_parent("first")


def test_backtraces_name_the_functions(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a program stopped in main's raise()
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)

    # WHEN it is walked alive, and from the snapshot alone
    live = snap.live_backtrace(pid)
    stored = snap.capture(pid).backtraces()[pid]

    # THEN both come to main, the stored one with its line
    (main,) = [frame for frame in stored["frames"] if frame["function"] == "main"]
    assert main["file"].endswith("steps.c") and main["line"] > 0
    assert main["module"].endswith("steps.story")
    if platform.machine() == "aarch64" and len(live["frames"]) < len(stored["frames"]):
        pytest.skip("libunwind does not know signed return addresses")
    assert "main" in [frame["function"] for frame in live["frames"]]
    assert [f["pc"] for f in live["frames"]] == [f["pc"] for f in stored["frames"]]
