# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: streaming mode, ZA, ZT0, TPIDR2 and FPMR come back."""

import os
import platform
import subprocess
from pathlib import Path

import pytest
from gdbdriver import set_in_every_thread, settled

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "100"))


def features():
    return Path("/proc/cpuinfo").read_text(encoding="ascii").split()


pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64" or "sme" not in features(),
    reason="the CPU has no streaming mode",
)


def start(gdb, program, length=0):
    """Four threads at work, each in another mode, stopped at a tick."""
    gdb.load(program)
    gdb.begin("tick", hits=3, arguments=f"1000000000 {length}")
    gdb("break tick")


@pytest.fixture
def running(gdb, target):
    start(gdb, target("streaming"))
    return gdb


def scramble(gdb, cycle):
    """Overwrite registers in every thread, as a user can."""
    values = {f"z{n}.d.u[0]": cycle for n in range(cycle % 7, 32, 7)}
    set_in_every_thread(gdb, values | {f"p{cycle % 16}[0]": 1, "tpidr2": cycle})


def ends_well(gdb):
    """Let every thread finish its round: each checks what it finds."""
    gdb("set var wanted_rounds = released + 2")
    assert gdb.finish_program() == 0
    assert "all registers right" in gdb.program_says()


@pytest.mark.parametrize("length", [16, 32, 64, 256])
def test_no_mode_is_lost_in_many_cycles(gdb, target, length):
    program = target("streaming")
    if subprocess.run([program, "1", str(length)], check=False).returncode == 77:
        pytest.skip(f"the CPU has no streaming vectors of {length} bytes")
    start(gdb, program, length)
    for cycle in range(CYCLES):
        # GIVEN a save at a tick
        gdb("snapshot save")
        round_then = gdb.value("released")

        # WHEN the program runs on, each thread in the next mode, is scrambled, and
        # is rewound
        for _ in range(cycle % 4 + 1):
            gdb("continue")
        scramble(gdb, cycle)
        gdb("snapshot restore")
        gdb("snapshot delete -all")

        # THEN it is there, and no thread finds a difference on its way to the next tick
        assert gdb.value("released") == round_then
        assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


def test_every_register_reads_back_as_it_was(running):
    # GIVEN what GDB shows of every register of every thread
    gdb = running
    seen = gdb.look()
    gdb("snapshot save")

    # WHEN all of them have changed
    gdb("continue")
    assert settled(gdb.look()) != settled(seen)
    gdb("snapshot restore")

    # THEN GDB shows them as they were
    assert settled(gdb.look()) == settled(seen)
    ends_well(gdb)


def test_the_length_of_streaming_vectors_comes_back(running):
    # GIVEN threads with vectors of the first length
    gdb = running
    before = gdb.value("$svg")
    gdb("snapshot save")

    # WHEN they have taken shorter ones, and are rewound; and the other way
    gdb("set var wanted_vl = 16")
    gdb("continue")
    gdb("continue")
    gdb("snapshot save short")
    gdb("snapshot restore s1")
    assert gdb.value("$svg") == before
    gdb("continue")
    gdb("snapshot restore short")
    gdb("continue")
    gdb("snapshot restore s1")

    # THEN every thread has what it had
    assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


def test_the_modes_go_with_an_image(running, sessions, folder):
    # GIVEN an image of threads in each mode
    gdb = running
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()

    # WHEN it is brought to life
    gdb = sessions.gdb()
    gdb("snapshot restore image")

    # THEN no thread finds a difference
    ends_well(gdb)
