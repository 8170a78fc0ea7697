# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: vectors of any length, and keys that sign pointers, come back."""

import platform

import pytest
from gdbdriver import set_in_every_thread
from rounds import ends_well, features, nothing_is_lost, start, the_length_comes_back

pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64", reason="these are registers of aarch64"
)


def scramble(gdb, cycle):
    """Overwrite registers in every thread, as a user can."""
    vector = "z" if "sve" in features() else "v"
    values = {f"{vector}{n}.d.u[0]": cycle for n in range(cycle % 7, 32, 7)}
    values |= {f"x{12 + cycle % 6}": cycle, "fpsr": 0x8000000, "fpcr": 0x2000000}
    set_in_every_thread(gdb, values)


@pytest.fixture
def running(gdb, target):
    """Four threads at work, stopped at a tick."""
    start(gdb, target("vectors"))
    return gdb


def test_no_vector_is_lost_in_many_cycles(running):
    nothing_is_lost(running, scramble)


@pytest.mark.skipif("sve" not in features(), reason="the CPU has no SVE")
def test_the_length_of_vectors_comes_back(running):
    the_length_comes_back(running, "$vg")


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
