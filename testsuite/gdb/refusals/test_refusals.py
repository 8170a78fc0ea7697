# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be saved or restored is refused with a sentence, and nothing happens."""

import shutil

import pytest


def refused(gdb, *words, commands=("snapshot save", "snapshot restore")):
    """Both commands are refused for that reason."""
    for command in commands:
        complaint = gdb.refuses(command)
        for word in words:
            assert word in complaint.lower(), complaint
        assert len(complaint) < 400, complaint


def test_without_a_process(gdb, target):
    gdb.load(target("counter"))
    refused(gdb, "process", commands=["snapshot save"])
    refused(gdb, commands=["snapshot restore", "snapshot restore nonesuch"])


def test_after_the_program_has_ended(gdb, target):
    # GIVEN a snapshot of a program that has ended since
    gdb.run(target("counter"), until="tick")
    gdb("snapshot save")
    assert gdb.finish_program() == 0

    # THEN there is nothing to save; a restore makes a process: see life/
    refused(gdb, "process", commands=["snapshot save"])


def test_a_program_started_afresh_is_another_one(gdb, target):
    # GIVEN a snapshot of the run before this one
    gdb.run(target("counter"), until="tick", hits=5)
    gdb("snapshot save old")
    assert gdb.finish_program() == 0
    gdb.begin("tick")

    # THEN it is refused, and the new run goes its way
    refused(gdb, "another process", commands=["snapshot restore old"])
    assert gdb.value("count") == 0
    assert gdb.finish_program() == 0


def test_a_running_program(gdb, target):
    # GIVEN a program that runs in the background
    gdb.run(target("spin"), until="started")
    gdb("snapshot save before")
    gdb("continue &")

    # THEN it is refused while it runs
    refused(gdb, "running")

    # THEN it works when it has stopped
    gdb.write("interrupt")
    gdb.read_until("received signal SIGINT")
    gdb("snapshot restore before")
    gdb("set var running = 0")
    assert gdb.finish_program() == 0


def test_a_core_file(gdb, sessions, target, folder):
    # GIVEN a core file in GDB
    gdb.run(target("counter"), until="tick")
    gdb(f"gcore {folder}/plain.core")
    dead = sessions.gdb(target("counter"), f"{folder}/plain.core")

    # THEN there is nothing to save
    refused(dead, "core", commands=["snapshot save"])
    refused(dead, commands=["snapshot restore"])


def test_a_remote_target(gdb, target, folder):
    # GIVEN a program under gdbserver, on a pipe
    if not shutil.which("gdbserver"):
        pytest.skip("gdbserver is not installed")
    program = target("counter")
    gdb.load(program)
    gdb(f"target remote | exec gdbserver --once - {program} 2>{folder}/server.err")

    # THEN it is refused, and the program goes on
    refused(gdb, "remote", commands=["snapshot save"])
    assert gdb.finish_program() == 0


def test_a_recording(gdb, target):
    # GIVEN a program that GDB records
    gdb.run(target("counter"), until="tick", hits=2)
    gdb("snapshot save before")
    gdb("record full")
    gdb("next")

    # THEN it is refused as long as it is recorded
    refused(gdb, "record")
    gdb("record stop")
    gdb("snapshot restore before")
    assert gdb.value("count") == 1
    assert gdb.finish_program() == 0


def test_non_stop_mode(gdb, target):
    # GIVEN a program in non-stop mode
    gdb.load(target("team"))
    gdb("set non-stop on")
    gdb("tbreak tick")
    gdb.start()

    # THEN it is refused, and the program goes on
    refused(gdb, "non-stop", commands=["snapshot save"])


def test_an_inferior_call_in_progress(gdb, target):
    # GIVEN a snapshot, and a call by hand that stopped at a breakpoint
    gdb.run(target("counter"), until="tick", hits=2)
    gdb("snapshot save before")
    gdb("break square")
    gdb.refuses("print square(5)")
    assert "<function called from gdb>" in gdb("bt")

    # THEN it is refused as long as the call is not over
    refused(gdb, "call")
    gdb("delete breakpoints")
    if gdb.ask("finish")[1]:
        pytest.skip("this GDB cannot end a call on this machine")
    gdb("snapshot restore before")
    assert gdb.value("count") == 1
    assert gdb.finish_program() == 0


def test_a_vfork_parent(gdb, target):
    # GIVEN a program whose vfork child is stopped and shares its memory
    gdb.load(target("vforker"))
    gdb("set follow-fork-mode child")
    gdb("set detach-on-fork off")
    gdb("tbreak in_child")
    gdb.start()

    # THEN the child is refused, which writes to its parent's memory
    refused(gdb, commands=["snapshot save"])

    # THEN so is the parent, which waits in the kernel
    gdb("inferior 1")
    refused(gdb, "vfork", commands=["snapshot save"])
    gdb("kill inferiors 1 2")


def test_a_program_at_its_vfork(gdb, target):
    # GIVEN a program stopped at the event of its vfork
    gdb.load(target("vforker"))
    gdb("catch vfork")
    assert "vforked" in gdb.start()

    # THEN it is refused, and goes on
    refused(gdb, "vfork", commands=["snapshot save"])
    assert gdb.finish_program() == 0
