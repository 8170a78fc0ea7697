# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: streaming mode, ZA, ZT0, TPIDR2 and FPMR come back."""

import platform

import pytest
from gdbdriver import set_in_every_thread
from rounds import (
    ends_well,
    every_register_reads_back,
    features,
    nothing_is_lost,
    skip_where_it_cannot,
    start,
    the_length_comes_back,
)

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
    reason = f"the CPU has no streaming vectors of {length} bytes"
    program = skip_where_it_cannot(target("streaming"), reason, length)
    start(gdb, program, length)
    nothing_is_lost(gdb, scramble, most_ticks=4)


def test_every_register_reads_back_as_it_was(running):
    every_register_reads_back(running)


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
