# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs go on in another GDB, from an image, to the right end."""

import pytest
from marks import as_root

AGAIN = range(3)


@pytest.fixture(params=["on", "off"], ids=["at fixed places", "anywhere"])
def places(request):
    """What 'set disable-randomization' is at the save."""
    return request.param


def save(sessions, program, places, until, hits=1, arguments="", commands=()):
    """Run a program to a place in a GDB of its own and save it there; that GDB ends."""
    gdb = sessions.gdb(program)
    gdb(f"set disable-randomization {places}")
    for command in ("set breakpoint pending on", *commands):
        gdb(command)
    gdb.begin(until, hits, arguments)
    frames = frames_of(gdb)
    gdb("snapshot save here -file image")
    pid = gdb.inferior
    gdb("kill")
    gdb.close()
    return pid, frames


def frames_of(gdb):
    """The functions of the selected thread, the innermost first."""
    return [line.split(" in ")[-1] for line in gdb("bt").splitlines()]


def revive(sessions, commands=()):
    """Restore the image in a new GDB, that knows no program."""
    gdb = sessions.gdb()
    for command in commands:
        gdb(command)
    said = gdb("snapshot restore image")
    assert "Snapshot here restored." in said
    return gdb


def test_a_program_goes_on_in_another_gdb(sessions, target, folder, places):
    # GIVEN the image of a program that was killed
    _, frames = save(sessions, target("counter"), places, "tick", hits=4)

    for _ in AGAIN:
        # WHEN it is restored where there is no process
        gdb = revive(sessions)

        # THEN GDB knows program, libraries and threads, and it goes on from there
        assert frames_of(gdb) == frames
        assert gdb.value("count") == 3
        assert "libc.so.6" in gdb("info sharedlibrary")
        assert str(target("counter")) in gdb("info proc")
        gdb.go(until="tick")
        assert gdb.value("count") == 4
        assert gdb.finish_program() == 0
        gdb.close()


@pytest.mark.slow
def test_all_registers_of_all_threads_are_right(sessions, target, places):
    # GIVEN ten threads with something in every register
    handle = "handle SIGUSR1 nostop noprint pass"
    save(sessions, target("allregs"), places, "tick", 20, "1000000000", [handle])

    for _ in AGAIN:
        # WHEN they are brought to life
        gdb = revive(sessions, [handle])

        # THEN each finds in its registers what it expects, to the end
        gdb.go(until="tick", hits=5)
        gdb("set var wanted = 0")
        assert gdb.finish_program() == 0
        assert "all registers right" in gdb.program_says()
        gdb.close()


def test_a_pool_of_threads_goes_on(sessions, target, places):
    # GIVEN threads that wait for work and do it
    save(sessions, target("pool"), places, "add_digits", hits=3)

    for _ in AGAIN:
        # WHEN they are brought to life
        gdb = revive(sessions)

        # THEN the work is done, once
        assert gdb.finish_program() == 0
        gdb.close()


@as_root
def test_the_numbers_are_those_of_the_image(sessions, target):
    # Somebody else may start a process at the very moment, and take one of them.
    for _ in AGAIN:
        # GIVEN the image of a program with threads
        gdb = sessions.gdb(target("pool"))
        gdb.begin("add_digits", hits=3)
        wanted = sorted(gdb.look())
        gdb("snapshot save here -file image -overwrite")
        gdb("kill")
        gdb.close()

        # WHEN it is brought to life
        gdb = sessions.gdb()
        said = gdb("snapshot restore image")

        # THEN process and threads are called what they were
        found = sorted(gdb.look())
        gdb.close()
        if "another number" not in said and "has number" not in said:
            break
    assert found == wanted


def test_what_a_user_has_set_before_is_there(sessions, target, places):
    # GIVEN an image, and another GDB with the program and a breakpoint in it
    save(sessions, target("counter"), places, "tick", hits=4)
    gdb = sessions.gdb(target("counter"))
    gdb("break tick")

    # WHEN the image is brought to life there
    gdb("snapshot restore image")

    # THEN the breakpoint stops it, and it can be saved and rewound like any other
    gdb("continue")
    assert gdb.value("count") == 4
    gdb("snapshot save later")
    gdb("continue")
    gdb("snapshot restore later")
    assert gdb.value("count") == 4
    assert gdb.finish_program() == 0


def test_a_process_that_was_killed_comes_back(gdb, target):
    # GIVEN a program that was saved and killed
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save")
    gdb("kill")

    # WHEN the snapshot is restored
    gdb("snapshot restore")

    # THEN it is there again
    assert gdb.value("count") == 3
    gdb.go(until="tick")
    assert gdb.value("count") == 4
    assert gdb.finish_program() == 0
