# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: made safely, refused politely, restored only where they belong."""

import os
import stat
import subprocess

import pytest


@pytest.fixture
def saved(gdb, target):
    """A counter saved at 3 under the name three."""
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save three")
    return gdb


def test_a_file_is_for_its_owner_alone(saved, folder):
    saved(f"snapshot export three {folder}/three.core")
    mode = folder.joinpath("three.core").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_file_is_not_overwritten_unless_asked(saved, folder):
    # GIVEN a file that is there
    path = folder / "three.core"
    path.write_text("precious")

    # THEN it stays, unless the user insists
    assert "overwrite" in saved.refuses(f"snapshot export three {path}")
    assert "overwrite" in saved.refuses(f"snapshot save four -file {path}")
    assert path.read_text() == "precious"
    saved(f"snapshot export three {path} -overwrite")
    assert path.read_bytes()[:4] == b"\x7fELF"
    assert "four" not in saved("snapshot list")


def test_nothing_else_is_left_beside_the_file(saved, folder):
    before = set(os.listdir(folder))
    saved(f"snapshot export three {folder}/three.core")
    assert set(os.listdir(folder)) - before == {"three.core"}


def test_a_folder_that_is_not_there_is_named(saved, folder):
    complaint = saved.refuses(f"snapshot export three {folder}/nowhere/three.core")
    assert "nowhere" in complaint


def test_a_full_disk_leaves_nothing_behind(saved, folder):
    # GIVEN a disk with no room
    disk = folder / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=24k,mode=777", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.call(["mount", *options]) != 0:
        pytest.skip("a small disk can be made by root alone")
    try:
        # WHEN an image is to be written there
        complaint = saved.refuses(f"snapshot export three {disk}/three.core")

        # THEN that is said, and neither half a file nor a temporary one is left
        assert "space" in complaint.lower()
        assert os.listdir(disk) == []
    finally:
        subprocess.check_call(["umount", str(disk)])

    # THEN the snapshot is as good as before
    saved.go(until="tick")
    saved("snapshot restore three")
    assert saved.value("count") == 3
    assert saved.finish_program() == 0


def test_a_live_process_is_restored_from_its_file(saved, folder):
    # GIVEN a snapshot that is in a file alone
    saved(f"snapshot export three {folder}/three.core")
    saved("snapshot delete -all")
    saved.go(until="tick", hits=4)
    assert saved.value("count") == 7

    # WHEN the file is restored
    saved(f"snapshot restore {folder}/three.core")

    # THEN the process is where it was
    assert saved.value("count") == 3
    assert saved.finish_program() == 0


def test_an_imported_snapshot_is_like_one_that_was_saved(saved, folder):
    # GIVEN a snapshot that was exported, forgotten and imported under another name
    saved(f"snapshot export three {folder}/three.core")
    saved("snapshot delete three")
    assert "three" not in saved("snapshot list")
    saved(f"snapshot import {folder}/three.core again")
    assert "again" in saved("snapshot list")

    # WHEN it is restored
    saved.go(until="tick", hits=2)
    saved("snapshot restore again")

    # THEN the process is where it was
    assert saved.value("count") == 3
    assert saved.finish_program() == 0


def test_another_gdb_restores_the_same_process(gdb, sessions, target, folder):
    # GIVEN a process saved to a file by one GDB, which has let go of it
    gdb.run(target("spin"), until="started")
    gdb(f"snapshot save -file {folder}/spin.core")
    pid = gdb.inferior
    gdb("detach")

    # WHEN another one attaches to it and restores the file
    other = sessions.gdb(target("spin"))
    other(f"attach {pid}")
    other(f"snapshot restore {folder}/spin.core")

    # THEN it is where it was, and goes on
    assert other.python("gdb.selected_frame().name()") == "started"
    other("set var running = 0")
    assert other.finish_program() == 0


def test_another_run_of_the_program_is_refused(saved, folder):
    # GIVEN the image of a process that has ended, and the program running again
    saved(f"snapshot export three {folder}/three.core")
    assert saved.finish_program() == 0
    saved.begin("tick", hits=6)

    # THEN its image is refused, and the new process untouched
    complaint = saved.refuses(f"snapshot restore {folder}/three.core")
    assert "process" in complaint
    assert saved.value("count") == 5
    assert saved.finish_program() == 0


def test_another_program_is_refused(saved, sessions, target, folder):
    # GIVEN another program
    saved(f"snapshot export three {folder}/three.core")
    other = sessions.gdb(target("team"))
    other.begin("tick", hits=2)
    seen = other.look()

    # THEN the image is refused, and the program untouched
    assert other.refuses(f"snapshot restore {folder}/three.core")
    assert other.look() == seen
    assert other.finish_program() == 0
    assert saved.finish_program() == 0


@pytest.mark.parametrize("what", ["nothing", "text", "a folder", "another core"])
def test_what_is_no_image_is_refused(saved, folder, what):
    path = folder / "image"
    if what == "text":
        path.write_text("no image at all\n" * 100)
    elif what == "a folder":
        path.mkdir()
    elif what == "another core":
        saved(f"gcore {path}")
    # A core file of others can be looked at (compat/test_check.py), and no more.
    looks = () if what == "another core" else ("show", "check")
    for command in ("import", "restore", *looks):
        complaint = saved.refuses(f"snapshot {command} {path}")
        assert len(complaint) < 400
    assert saved.value("count") == 3
    assert saved.finish_program() == 0
