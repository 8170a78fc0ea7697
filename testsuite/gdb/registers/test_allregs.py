# SPDX-License-Identifier: GPL-3.0-or-later
"""Every register of every thread survives saves, scrambles and restores."""

import os
import random
from collections import Counter
from mmap import PAGESIZE
from pathlib import Path

import pytest
from cpus import CPU
from gdbdriver import Failed, children, set_in_every_thread, settled

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "1000"))


@pytest.fixture
def running(gdb, target):
    """The ten threads at work, stopped at a tick."""
    gdb.load(target("allregs"))
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin("tick", hits=20, arguments="1000000000")
    gdb("break tick")
    return gdb


def tick(gdb):
    """Go on to the next tick; a difference would be a SIGABRT instead."""
    said = gdb("continue")
    if "Breakpoint" not in said:
        raise Failed(f"no tick: {said}{gdb.program_says()}")


def ends_well(gdb):
    """Let every thread finish its round: it has checked them all."""
    gdb("set var wanted = 0")
    assert gdb.finish_program() == 0
    assert "all registers right" in gdb.program_says()


def scramble(gdb, source):
    """Overwrite what a user can overwrite, in every thread."""
    values = {name: source.getrandbits(63) for name in source.sample(CPU.general, 6)}
    set_in_every_thread(gdb, values | dict(CPU.scrambled))
    worker = source.randrange(10)
    gdb(
        "python gdb.selected_inferior().write_memory("
        f"int(gdb.parse_and_eval('(long)&workers[{worker}].want')), b'\\xa5' * 4096)"
    )
    gdb(
        "python gdb.selected_inferior().write_memory("
        "int(gdb.parse_and_eval('(long)$sp')), b'\\x5a' * 512)"
    )


class Growth:
    """What GDB uses, measured twice."""

    def __init__(self, gdb):
        self.root = Path(f"/proc/{gdb.pid}")
        self.gdb = gdb
        self.files = self.list_files()
        self.rss = self.resident()

    def list_files(self):
        return sorted(os.readlink(fd) for fd in (self.root / "fd").iterdir())

    def resident(self):
        return int((self.root / "statm").read_text().split()[1]) * PAGESIZE

    def is_bounded(self, cycles):
        # GDB itself opens a file again now and then, and keeps it; and it keeps a
        # little of every stop and command.
        new = Counter(self.list_files()) - Counter(self.files)
        assert sum(new.values()) <= 3, new
        assert self.resident() - self.rss < (8 << 20) + cycles * 8192
        assert children(self.gdb.pid) == [self.gdb.inferior]
        assert children(self.gdb.inferior) == []


@pytest.mark.slow
def test_no_register_is_lost_in_many_cycles(running):
    gdb, source, growth = running, random.Random(1), None
    for cycle in range(CYCLES):
        # GIVEN a save at a tick
        gdb("snapshot save")
        ticks = gdb.value("ticks")

        # WHEN the program runs on, is scrambled, and is rewound
        for _ in range(cycle % 3 + 1):
            tick(gdb)
        scramble(gdb, source)
        gdb("snapshot restore")
        gdb("snapshot delete -all")

        # THEN it goes on from there, and no thread finds a difference
        assert gdb.value("ticks") == ticks
        tick(gdb)
        if cycle == min(20, CYCLES // 2):
            growth = Growth(gdb)
    growth.is_bounded(CYCLES)
    ends_well(gdb)


@pytest.mark.slow
def test_one_snapshot_lasts_for_many_restores(running):
    # GIVEN one snapshot
    gdb, source = running, random.Random(2)
    gdb("snapshot save")
    ticks = gdb.value("ticks")

    for cycle in range(max(CYCLES // 4, min(CYCLES, 10))):
        # WHEN the program runs on further and further, and is rewound to it
        for _ in range(cycle % 5 + 1):
            tick(gdb)
        if cycle % 2:
            scramble(gdb, source)
        gdb("snapshot restore")

        # THEN it is there
        assert gdb.value("ticks") == ticks
    ends_well(gdb)


@pytest.mark.slow
def test_many_snapshots_in_any_order(running):
    # GIVEN twelve snapshots, or as many as there is time for
    gdb, source = running, random.Random(3)
    nr, ticks = min(CYCLES, 12), {}
    for number in range(nr):
        gdb(f"snapshot save s{number}")
        ticks[number] = gdb.value("ticks")
        tick(gdb)

    for cycle in range(max(CYCLES // 4, 2 * nr)):
        # WHEN any of them is restored, in the past or in the future
        number = source.randrange(nr)
        gdb(f"snapshot restore s{number}")

        # THEN it is what it was, and goes on
        assert gdb.value("ticks") == ticks[number]
        for _ in range(source.randrange(3)):
            tick(gdb)
    ends_well(gdb)


@pytest.mark.slow
def test_every_register_reads_back_as_it_was(running):
    # GIVEN what GDB shows of every register of every thread
    gdb = running
    seen = gdb.look()
    gdb("snapshot save")

    # WHEN all of them have changed
    for _ in range(20):
        tick(gdb)
    gdb("snapshot restore")

    # THEN GDB shows them as they were, but for the form of interrupted system calls
    assert settled(gdb.look()) == settled(seen)
    ends_well(gdb)
