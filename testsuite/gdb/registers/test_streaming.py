# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: streaming mode, ZA, ZT0, TPIDR2 and FPMR come back."""

import platform
import subprocess

import pytest
from gdbdriver import set_in_every_thread, settled
from rounds import ends_well, features, nothing_is_lost, start, the_length_comes_back

pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64" or "sme" not in features(),
    reason="the CPU has no streaming mode",
)


@pytest.fixture
def running(gdb, target):
    """Four threads at work, each in another mode, stopped at a tick."""
    start(gdb, target("streaming"))
    return gdb


def scramble(gdb, cycle):
    """Overwrite registers in every thread, as a user can."""
    values = {f"z{n}.d.u[0]": cycle for n in range(cycle % 7, 32, 7)}
    set_in_every_thread(gdb, values | {f"p{cycle % 16}[0]": 1, "tpidr2": cycle})


@pytest.mark.parametrize("length", [16, 32, 64, 256])
def test_no_mode_is_lost_in_many_cycles(gdb, target, length):
    program = target("streaming")
    if subprocess.run([program, "1", str(length)], check=False).returncode == 77:
        pytest.skip(f"the CPU has no streaming vectors of {length} bytes")
    start(gdb, program, length)
    nothing_is_lost(gdb, scramble, most_ticks=4)


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
    the_length_comes_back(running, "$svg")


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
