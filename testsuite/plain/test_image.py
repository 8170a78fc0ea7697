# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written is read back: the same snapshot, from the file alone."""

import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import Spawn, stop_at

PROPERTIES = [
    "label", "note", "uuid", "parent", "time", "arch", "kernel", "host", "pid", "exe",
    "exe_build_id", "command_line", "current_tid", "size", "omissions", "brk", "cpu",
]  # fmt: skip


def contents(snapshot: Any) -> dict[str, Any]:
    """All that can be asked of a snapshot."""
    found = {name: getattr(snapshot, name) for name in PROPERTIES}
    found["threads"] = snapshot.threads()
    found["mappings"] = snapshot.mappings()
    found["backtraces"] = snapshot.backtraces()
    found["registers"] = {
        thread["tid"]: snapshot.registers(thread["tid"]) for thread in found["threads"]
    }
    found["memory"] = [
        snapshot.read(mapping["start"], mapping["end"] - mapping["start"])
        for mapping in found["mappings"]
        if mapping["contents"] == "zero"
    ]
    return found


@pytest.mark.parametrize("program", ["steps", "threads", "vectors"])
def test_an_image_holds_all_of_the_snapshot(
    snap: ModuleType, spawn: Spawn, tmp_path: Path, program: str
) -> None:
    # GIVEN a snapshot with a parent and words of the user
    pid = stop_at(snap, spawn(program), signal.SIGUSR1)
    snapshot = snap.capture(pid)
    snapshot.set_parent(snap.capture(pid))
    snapshot.label, snapshot.note = "first", "naïve\nnote"

    # WHEN it is written and read
    snapshot.write(tmp_path / "image")
    loaded = snap.load(str(tmp_path / "image"))

    # THEN nothing is lost, and the file is the user's alone
    assert contents(loaded) == contents(snapshot)
    assert os.stat(tmp_path / "image").st_mode & 0o777 == 0o600


@pytest.mark.restores
def test_a_loaded_image_can_be_restored(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    # GIVEN an image of a process that has run on since
    pid = stop_at(snap, spawn("steps"), signal.SIGUSR1)
    snap.capture(pid).write(tmp_path / "image")
    stop_at(snap, pid, signal.SIGUSR2)

    # WHEN it is restored from the image
    snap.restore(pid, snap.load(tmp_path / "image"))

    # THEN the program finds all it had
    stop_at(snap, pid, signal.SIGUSR2)
    assert snap.run_until(pid, []) == 0


def test_a_file_is_not_replaced_unasked(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    # GIVEN a file
    path = tmp_path / "image"
    path.write_text("precious")
    snapshot = snap.capture(spawn("events", "exit"))

    # WHEN an image shall have its name
    with pytest.raises(snap.InvalidRequest):
        snapshot.write(path)

    # THEN it is replaced only when that is said
    assert path.read_text() == "precious"
    snapshot.write(path, overwrite=True)
    assert snap.load(path).uuid == snapshot.uuid


def test_an_interrupted_write_leaves_nothing(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    snapshot = snap.capture(spawn("events", "exit"))
    with pytest.raises(snap.Interrupted):
        snapshot.write(tmp_path / "image", progress=lambda *report: False)
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_no_image_is_corrupt(snap: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\x7fELF, it says")
    with pytest.raises(snap.Corrupt):
        snap.load(tmp_path / "image")
