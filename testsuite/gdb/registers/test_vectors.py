# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: vectors of any length, and keys that sign pointers, come back."""

import os
import platform
from pathlib import Path

import pytest
from gdbdriver import set_in_every_thread

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "100"))

pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64", reason="these are registers of aarch64"
)


def features():
    return Path("/proc/cpuinfo").read_text(encoding="ascii").split()


def scramble(gdb, cycle):
    """Overwrite registers in every thread, as a user can."""
    vector = "z" if "sve" in features() else "v"
    values = {f"{vector}{n}.d.u[0]": cycle for n in range(cycle % 7, 32, 7)}
    values |= {f"x{12 + cycle % 6}": cycle, "fpsr": 0x8000000, "fpcr": 0x2000000}
    set_in_every_thread(gdb, values)


def ends_well(gdb):
    """Let every thread finish its round: each checks what it finds."""
    gdb("set var wanted_rounds = released + 2")
    assert gdb.finish_program() == 0
    assert "all registers right" in gdb.program_says()


@pytest.fixture
def running(gdb, target):
    """Four threads at work, stopped at a tick."""
    gdb.load(target("vectors"))
    gdb.begin("tick", hits=3, arguments="1000000000")
    gdb("break tick")
    return gdb


def test_no_vector_is_lost_in_many_cycles(running):
    gdb = running
    for cycle in range(CYCLES):
        # GIVEN a save at a tick
        gdb("snapshot save")
        round_then = gdb.value("released")

        # WHEN the program runs on, is scrambled, and is rewound
        gdb("continue")
        scramble(gdb, cycle)
        gdb("snapshot restore")
        gdb("snapshot delete -all")

        # THEN it is there, and no thread finds a difference on its way to the next tick
        assert gdb.value("released") == round_then
        assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


@pytest.mark.skipif("sve" not in features(), reason="the CPU has no SVE")
def test_the_length_of_vectors_comes_back(running):
    # GIVEN threads with vectors of the first length
    gdb = running
    before = gdb.value("$vg")
    gdb("snapshot save")

    # WHEN they have taken shorter ones, and are rewound; and the other way
    gdb("set var wanted_vl = 16")
    gdb("continue")
    gdb("continue")
    gdb("snapshot save short")
    gdb("snapshot restore s1")
    assert gdb.value("$vg") == before
    gdb("continue")
    gdb("snapshot restore short")
    gdb("continue")
    gdb("snapshot restore s1")

    # THEN every thread has what it had
    assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


def test_a_thread_that_never_used_vectors_gets_none(running):
    # GIVEN the conductor, which computes nothing
    gdb = running
    gdb("thread 1")
    seen = gdb("info registers v0 v31 fpsr fpcr")
    gdb("snapshot save")

    # WHEN its registers are changed, and it is rewound
    gdb("set var $v0.d.u[0] = 77")
    gdb("set var $v31.d.u[1] = 78")
    gdb("snapshot restore")

    # THEN they are what they were
    assert gdb("info registers v0 v31 fpsr fpcr") == seen
    ends_well(gdb)


@pytest.mark.skipif("paca" not in features(), reason="the CPU signs no pointers")
def test_a_function_returns_with_the_keys_it_began_with(gdb, target):
    # GIVEN a function that has signed its return address
    gdb.run(target("signed"), until="inside")
    gdb("snapshot save")

    # WHEN the process has other keys, and is rewound
    gdb("set var wants_other_keys = 1")
    gdb.go(until="changed")
    gdb("snapshot restore")

    # THEN it returns
    assert gdb.finish_program() == 0
    assert "returned" in gdb.program_says()
