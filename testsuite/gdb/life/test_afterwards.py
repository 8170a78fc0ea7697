# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that was brought to life is one like any other."""

import os
import select

import gcores
import private
import pytest
from gdbdriver import TIMEOUT


def save_image(sessions, target, folder):
    """An image that does with its own program."""
    gdb = sessions.gdb(target("counter"))
    gdb.begin("tick", hits=4)
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()


def save_self_contained(sessions, target, folder):
    """One whose program and libraries are gone."""
    gdb = sessions.gdb(private.copy(target("counter"), folder / "own"))
    gdb("set breakpoint pending on")
    gdb("set environment LD_LIBRARY_PATH own")
    gdb.begin("tick", hits=4)
    gdb("snapshot save here -file image -self-contained")
    gdb("kill")
    gdb.close()
    (folder / "own").rename(folder / "gone")


def write_core(sessions, target, folder):
    """A core file that GDB wrote."""
    gdb = sessions.gdb(target("counter"))
    gdb.begin("tick", hits=4)
    gcores.write(gdb, "image")
    gdb.close()


@pytest.fixture(
    params=[save_image, save_self_contained, write_core],
    ids=["image", "self-contained", "core file"],
)
def command(request, sessions, target, folder):
    """What brings a program back that counts to ten."""
    request.param(sessions, target, folder)
    return "restore image" + (" -force" if request.param is write_core else "")


def test_it_can_be_left_alone(sessions, command):
    # GIVEN a process that was brought to life
    gdb = sessions.gdb()
    gdb(f"snapshot {command}")
    pid = gdb.inferior

    # WHEN GDB lets go of it
    fd = os.pidfd_open(pid)
    try:
        gdb("detach")

        # THEN it runs to its end by itself
        ready, _, _ = select.select([fd], [], [], TIMEOUT)
    finally:
        os.close(fd)
    assert ready and gdb.inferior == 0


def test_it_can_be_killed(sessions, command):
    # GIVEN a process that was brought to life
    gdb = sessions.gdb()
    gdb(f"snapshot {command}")

    # WHEN it is killed
    gdb("kill")

    # THEN nothing is left of it, and another one can be made
    assert gdb.has_started_nothing
    gdb(f"snapshot {command}")
    gdb("signal 0")
    assert gdb.value("$_exitcode") == 0


def test_a_front_end_sees_it_stop(sessions, command):
    # GIVEN a front-end without a process
    mi = sessions.mi()

    # WHEN it has one brought to life
    mi(f"-snapshot-{command}")

    # THEN it is told that the program stopped, where it is now, and sees it end
    mi.wait(r"\*stopped,.*frame={")
    assert "0x" in mi("-data-evaluate-expression $pc")
    mi.records.clear()
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="exited-normally"')
