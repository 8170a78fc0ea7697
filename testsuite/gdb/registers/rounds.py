# SPDX-License-Identifier: GPL-3.0-or-later
"""What stories of a CPU's registers share: see rounds.h for those that go in rounds."""

import os
from pathlib import Path

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "100"))


def features():
    """What the kernel calls the CPU's features, among other words."""
    return Path("/proc/cpuinfo").read_text(encoding="ascii").split()


def start(gdb, program, length=0):
    """Four threads at work, with vectors of so many bytes, stopped at a tick."""
    gdb.load(program)
    gdb.begin("tick", hits=3, arguments=f"1000000000 {length}")
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
