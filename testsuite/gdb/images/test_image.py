# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is a core file: every tool that reads core files reads it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from gdbdriver import settled, stretched
from sessions import version


@pytest.fixture
def image(gdb, target, folder):
    """The ten threads, all registers in use, as GDB shows them and in an image."""
    gdb.load(target("allregs"))
    gdb("handle SIGUSR1 nostop noprint pass")
    # So many rounds that no thread ends before it is told to.
    gdb.begin("tick", hits=25, arguments="1000000000")
    gdb(f"snapshot save ten -file {folder}/ten.core")
    return folder / "ten.core"


def finish(gdb):
    """Let every thread end its round and the program say what it found."""
    gdb("set variable wanted = 1")
    return gdb.finish_program()


def test_a_plain_gdb_shows_what_the_live_one_shows(gdb, sessions, target, image):
    # GIVEN the threads as the live GDB shows them
    live = gdb.look()
    assert len(live) == 11

    # WHEN a GDB without the extension opens the image
    dead = sessions.gdb(target("allregs"), image, load=False).look()

    # THEN every thread is there, with its backtrace and all its registers
    if is_amds() and version() < 14:
        drop_vectors(live), drop_vectors(dead)
    knows = all([is_known(dead[lwp], live[lwp]) for lwp in live])
    assert settled(dead) == settled(live)
    assert finish(gdb) == 0
    if not knows:
        # i387_guess_xsave_layout() of GDB 14 to 16 knows the sizes without AMX alone,
        # also of the kernel's own core files; it shows the SSE registers then.
        pytest.skip("this GDB cannot read this machine's XSAVE area from core files")


def is_amds():
    """Whether XSAVE areas have AMD's layout, of which GDB knows from 14 on."""
    return "AuthenticAMD" in Path("/proc/cpuinfo").read_text(encoding="ascii").split()


def drop_vectors(threads):
    """Leave out what AVX has added."""
    for thread in threads.values():
        thread["registers"] = {
            name: value
            for name, value in thread["registers"].items()
            if not re.match(r"[yz]mm|k\d|xmm\d\d|pkru", name)
        }


def is_known(dead, live):
    """Whether both have the same registers; takes away those that one has alone."""
    common = dead["registers"].keys() & live["registers"].keys()
    knows = common == live["registers"].keys()
    for thread in (dead, live):
        thread["registers"] = {name: thread["registers"][name] for name in common}
    assert len(common) > 30
    return knows


def test_a_plain_gdb_begins_in_the_selected_thread(gdb, sessions, target, image):
    reader = sessions.gdb(target("allregs"), image, load=False)
    assert reader.python("gdb.selected_frame().name()") == "tick"
    assert reader.value("ticks") == gdb.value("ticks")
    assert finish(gdb) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["eu-readelf", "-n"],
        ["eu-readelf", "-hlS"],
        ["readelf", "-lW"],
        ["readelf", "-nW"],
        ["eu-stack", "--core"],
    ],
    ids=" ".join,
)
def test_a_tool_reads_it_without_a_warning(gdb, target, image, command):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    words = [*command, str(image)]
    if command[0] == "eu-stack":
        words[1:1] = ["--executable", str(target("allregs"))]
    done = subprocess.run(words, capture_output=True, text=True, timeout=stretched(60))
    said = done.stdout + done.stderr
    if command[0] == "eu-stack" and os.uname().machine == "ppc64le":
        # It reads behind the beginning of a thread's stack.
        complaint = "eu-stack: dwfl_thread_getframes .* address out of range"
        assert all(re.fullmatch(complaint, line) for line in done.stderr.splitlines())
    else:
        assert done.returncode == 0 and done.stderr == "", said
    assert "warning" not in said.lower()
    if command == ["eu-readelf", "-n"]:
        assert said.count("PRSTATUS") == 11
    if command[0] == "eu-stack":
        assert said.count("TID ") == 11
        assert "tick" in said and "cpu_cycle" in said
    assert finish(gdb) == 0
