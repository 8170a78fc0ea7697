# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of several threads after a restore."""

import pytest
from gdbdriver import settled


def test_everything_shown_is_as_it_was(gdb, target):
    # GIVEN four threads in four functions, stopped and looked at
    gdb.run(target("team"), until="tick", hits=3)
    before = gdb.picture()
    seen = gdb.look()
    gdb("snapshot save")

    # WHEN the program has gone on, another thread is selected, and it is rewound
    gdb.go(until="tick", hits=2)
    gdb("thread 3")
    gdb("snapshot restore")

    # THEN everything shows as it was, in the thread that had been selected
    after = gdb.picture()
    assert after == before
    assert settled(gdb.look()) == settled(seen)
    for thread, colour, value in ((2, "red", 102), (3, "green", 202), (4, "blue", 302)):
        gdb(f"thread {thread}")
        gdb(f"frame function wait_in_{colour}")
        assert gdb.value(colour) == value
    assert gdb.finish_program() == 0


@pytest.mark.parametrize("place", ["wait_in_red", "wait_in_green", "wait_in_blue"])
def test_the_selected_thread_is_that_of_the_save(gdb, target, place):
    # GIVEN a save with another thread than the main one stopped at its place
    gdb.run(target("team"), until=place, hits=3)
    thread = gdb.value("$_thread")
    local = gdb("info args")
    assert thread != 1
    gdb("snapshot save")

    # WHEN the main thread has stopped meanwhile
    gdb.go(until="tick")
    assert gdb.value("$_thread") == 1
    gdb("snapshot restore")

    # THEN the other one is selected again, in its place
    assert gdb.value("$_thread") == thread
    assert gdb.python("gdb.selected_frame().name()") == place
    assert gdb("info args") == local
    assert gdb.finish_program() == 0


def test_a_breakpoint_in_another_thread_works_after_the_restore(gdb, target):
    # GIVEN a program rewound with its threads at rest
    gdb.run(target("team"), until="tick", hits=2)
    gdb("snapshot save")
    gdb.go(until="wait_in_green", hits=2)
    gdb("snapshot restore")

    # WHEN a breakpoint waits for a thread that is not the selected one
    gdb.go(until="wait_in_blue")

    # THEN it comes there, in the round that follows
    assert gdb.value("round") == 2
    assert gdb.finish_program() == 0
