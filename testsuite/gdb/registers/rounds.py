# SPDX-License-Identifier: GPL-3.0-or-later
"""What stories of a CPU's registers share: see rounds.h for those that go in rounds."""

import os
import subprocess
from pathlib import Path

import pytest
from gdbdriver import settled

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "100"))


def features():
    """What the kernel calls the CPU's features, among other words."""
    return Path("/proc/cpuinfo").read_text(encoding="ascii").split()


def skip_where_it_cannot(program, reason, length=0):
    """The program, where it can do its work with vectors of so many bytes."""
    command = [program, "1", str(length)]
    if subprocess.run(command, check=False).returncode == 77:
        pytest.skip(reason)
    return program


def start(gdb, program, length=0, hits=3):
    """Four threads at work, with vectors of so many bytes, stopped at a tick."""
    gdb.load(program)
    gdb.begin("tick", hits=hits, arguments=f"1000000000 {length}")
    gdb("break tick")


def ends_well(gdb):
    """Let every thread finish its round: each checks what it finds."""
    gdb("set var wanted_rounds = released + 2")
    assert gdb.finish_program() == 0
    assert "all registers right" in gdb.program_says()


def nothing_is_lost(gdb, scramble, most_ticks=1):
    """Save, run on for up to so many ticks, scramble and restore: many times."""
    for cycle in range(CYCLES):
        # GIVEN a save at a tick
        gdb("snapshot save")
        round_then = gdb.value("released")

        # WHEN the program runs on, is scrambled, and is rewound
        for _ in range(cycle % most_ticks + 1):
            gdb("continue")
        scramble(gdb, cycle)
        gdb("snapshot restore")
        gdb("snapshot delete -all")

        # THEN it is there, and no thread finds a difference on its way to the next tick
        assert gdb.value("released") == round_then
        assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


def every_register_reads_back(gdb):
    """Rewind all threads: GDB shows what it has shown of each register, returned."""
    # GIVEN what GDB shows of every register of every thread
    seen = gdb.look()
    gdb("snapshot save")

    # WHEN all of them have changed
    gdb("continue")
    assert settled(gdb.look()) != settled(seen)
    gdb("snapshot restore")

    # THEN GDB shows them as they were
    assert settled(gdb.look()) == settled(seen)
    ends_well(gdb)
    return seen


def the_length_comes_back(gdb, register):
    """Let threads take shorter vectors, and rewind them to both lengths."""
    # GIVEN threads with vectors of the first length
    before = gdb.value(register)
    gdb("snapshot save")

    # WHEN they have taken shorter ones, and are rewound; and the other way
    gdb("set var wanted_vl = 16")
    gdb("continue")
    gdb("continue")
    gdb("snapshot save short")
    gdb("snapshot restore s1")
    assert gdb.value(register) == before
    gdb("continue")
    gdb("snapshot restore short")
    gdb("continue")
    gdb("snapshot restore s1")

    # THEN every thread has what it had
    assert "Breakpoint" in gdb("continue")
    ends_well(gdb)
