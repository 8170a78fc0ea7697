# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: guarded control stacks, from which returns are taken, come back."""

import platform

import pytest
from rounds import features

pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64" or "gcs" not in features(),
    reason="the CPU has no guarded control stacks",
)


@pytest.fixture
def running(gdb, target):
    """Threads that are deep in functions, with handlers of signals between them."""
    start(gdb, target("guarded"), "tick")
    return gdb


def start(gdb, program, place, arguments=""):
    gdb.load(program)
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin(place, arguments=arguments)


def test_every_function_returns(running):
    # GIVEN a snapshot
    gdb = running
    gdb("snapshot save")

    for rounds in (1, 2, 3):
        # WHEN they have returned, are deep in others, and are rewound
        gdb.go(until="tick", hits=rounds)
        gdb("snapshot restore")

        # THEN each return is the one that was called for
        gdb.go(until="tick")
        gdb("snapshot restore")
    assert gdb.finish_program() == 0
    assert "all have returned" in gdb.program_says()


def test_the_future_comes_back_too(running):
    # GIVEN two snapshots
    gdb = running
    gdb("snapshot save first")
    gdb.go(until="tick", hits=2)
    gdb("snapshot save second")

    # WHEN they are restored in turns
    for name in ("first", "second", "first", "second"):
        gdb(f"snapshot restore {name}")

    # THEN the last one goes on
    assert gdb.finish_program() == 0
    assert "all have returned" in gdb.program_says()


def test_before_it_was_switched_on_there_is_no_way(gdb, target):
    # GIVEN a snapshot of a program that switches it on later
    start(gdb, target("guarded"), "ready", "late")
    gdb("snapshot save")
    gdb.go(until="tick")

    # WHEN it is to be restored
    said = gdb.refuses("snapshot restore")

    # THEN that is told, and the program goes on
    assert "has switched its shadow stack on since the snapshot" in said
    assert gdb.finish_program() == 0


def test_an_image_of_them_is_not_brought_to_life(running, sessions):
    # GIVEN an image
    gdb = running
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()

    # WHEN it is to be brought to life
    gdb = sessions.gdb()
    said = gdb.refuses("snapshot restore image")

    # THEN that is told, and there is no process
    assert "has a shadow stack, which a new process cannot be given" in said
    assert gdb.has_started_nothing
