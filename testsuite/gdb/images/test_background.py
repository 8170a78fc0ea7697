# SPDX-License-Identifier: GPL-3.0-or-later
"""A large image is written in the background, and is there whole or not at all."""

import os
import signal
import subprocess

import pytest
from hold import Hold

LONG = 600
ON_ITS_WAY = "Snapshot three is being written to {}, in the background."
WRITTEN = "Snapshot three written to {}."


@pytest.fixture
def saved(gdb, target):
    """A counter saved at 3 under the name three."""
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save three")
    return gdb


@pytest.fixture
def on_its_way(saved, folder):
    """An image whose writer is held back; let_go() lets it write."""
    hold = Hold(saved.pid)
    saved.send(f"snapshot export three {folder}/image -background")
    hold.taken()
    yield hold
    if saved.process.poll() is None:
        hold.let_go()


LISTEN = (
    "python import gdbsnapshot.core; gdbsnapshot.core._listen = lambda phase, *unused:"
    " (gdb.write(f'--{phase}--\\n'), gdb.flush()) and True"
)
WAITS = "--Writing the image--"
GIVES_UP = "--Giving the image up--"


def names(folder):
    return [name for name in os.listdir(folder) if "image" in name or "snap" in name]


def is_whole(path):
    return subprocess.call(["readelf", "-n", path], stdout=subprocess.DEVNULL) == 0


def test_the_process_runs_on_while_its_image_is_written(saved, on_its_way, folder):
    # GIVEN an image that is being written
    listing = saved("snapshot list")
    assert f"three is being written to {folder}/image: 0%." in listing
    assert not (folder / "image").exists()

    # WHEN the process runs on, and is rewound
    saved.go(until="tick", hits=3)
    saved("snapshot restore three")
    assert saved.value("count") == 3

    # THEN the image is what was saved, when it is there
    on_its_way.let_go()
    saved("snapshot diff three image", timeout=LONG)
    assert "Nothing differs" in saved("snapshot diff three image")
    assert names(folder) == ["image"]
    assert saved.finish_program() == 0


def test_a_line_says_that_the_image_is_there(saved, on_its_way, folder):
    # GIVEN an image that is being written, and nothing is said of it
    image = folder / "image"
    assert WRITTEN.format(image) not in saved("snapshot list")

    # WHEN somebody who needs it has waited for it
    on_its_way.let_go()
    out = saved("snapshot show image")

    # THEN that is said before the next prompt, once
    assert WRITTEN.format(image) in out
    assert WRITTEN.format(image) not in saved("echo")
    assert "image" not in saved("snapshot list")
    assert f"Image:      {image}" in saved("snapshot show three")


@pytest.mark.parametrize(
    "command",
    [
        "snapshot show image",
        "snapshot import image again",
        "snapshot export three image2",
        "snapshot export three image -overwrite",
        "snapshot delete three",
        "snapshot check image",
    ],
)
def test_a_second_command_waits_for_it(saved, on_its_way, folder, command):
    # GIVEN a command that needs an image which is being written
    saved(LISTEN)
    saved.write(command)
    saved.send("echo --waited--\\n")
    assert "waited" not in saved.read_until(WAITS)

    # WHEN the image is written, THEN the command goes on
    on_its_way.let_go()
    saved.read_until("--waited--", timeout=LONG)
    assert saved.take_complaints() == ""
    assert is_whole(folder / "image")


def test_a_ctrl_c_ends_the_writing(saved, on_its_way, folder):
    # GIVEN a command that waits for an image
    saved(LISTEN)
    saved.write("snapshot show image")
    saved.send("echo --ended--\\n")
    saved.read_until(WAITS)

    # WHEN it is interrupted
    os.kill(saved.pid, signal.SIGINT)
    saved.read_until(GIVES_UP)
    on_its_way.let_go()
    saved.read_until("--ended--", timeout=LONG)

    # THEN there is no image, nor a part of it, and the snapshot is as good as before
    assert "image' was not written: interrupted." in saved.take_complaints()
    assert names(folder) == []
    assert "image" not in saved("snapshot list")
    saved(f"snapshot export three {folder}/image")
    assert is_whole(folder / "image")


def test_the_end_of_gdb_waits_for_the_image(saved, on_its_way, folder):
    # GIVEN a GDB that is to end while it writes an image
    saved.write("quit")
    saved.read_until("Waiting until .*/image is written; Ctrl-C ends that.")

    # WHEN the image is written, THEN it ends
    on_its_way.let_go()
    assert saved.process.wait(LONG) == 0
    assert is_whole(folder / "image")
    assert names(folder) == ["image"]


def test_a_gdb_that_is_interrupted_at_its_end_leaves_nothing(saved, on_its_way, folder):
    # GIVEN a GDB that is to end while it writes an image
    saved(LISTEN)
    saved.write("quit")
    saved.read_until(WAITS)

    # WHEN it is interrupted
    os.kill(saved.pid, signal.SIGINT)
    saved.read_until(GIVES_UP)
    on_its_way.let_go()

    # THEN it ends, and there is no image
    assert saved.process.wait(LONG) == 0
    assert names(folder) == []


def test_a_gdb_that_is_killed_leaves_nothing(saved, on_its_way, folder):
    os.kill(saved.pid, signal.SIGKILL)
    on_its_way.see_end()
    saved.process.wait()
    assert names(folder) == []


def test_a_script_has_the_whole_file(gdb, target, folder):
    """The command waits where no person types it."""
    gdb.run(target("large"), until="settled", arguments="80")
    gdb("snapshot save s1", timeout=LONG)
    gdb("snapshot export s1 image", timeout=LONG)
    assert is_whole(folder / "image")


def test_a_disk_that_is_full_is_told_of(saved, folder):
    # GIVEN a disk with no room
    disk = folder / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=24k,mode=777", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.call(["mount", *options]) != 0:
        pytest.skip("a small disk can be made by root alone")
    try:
        # WHEN an image is written there in the background, and somebody waits for it
        hold = Hold(saved.pid)
        saved.send(f"snapshot export three {disk}/image -background")
        hold.taken()
        hold.let_go()
        complaint = saved.refuses(f"snapshot import {disk}/image", timeout=LONG)

        # THEN that is said, and nothing is left
        assert f"'{disk}/image' was not written" in complaint
        assert "space" in complaint.lower()
        assert os.listdir(disk) == []
        assert "image" not in saved("snapshot list")
    finally:
        subprocess.check_call(["umount", str(disk)])
    assert saved.finish_program() == 0


def test_a_front_end_always_waits(sessions, target, folder):
    mi = sessions.mi(target("counter"))
    mi("-break-insert -t tick")
    mi("-exec-run")
    mi.wait(r"\*stopped")
    mi("-snapshot-save three")
    assert "waits" in mi.ask(f"-snapshot-export three {folder}/image -background")
    mi(f"-snapshot-export three {folder}/image")
    assert is_whole(folder / "image")
