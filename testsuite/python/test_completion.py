# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tab key finds."""

import pytest
from gdbsnapshot.commands import COMMANDS, base

COMPLETERS = {
    "snapshot": lambda word: ["NAME"],
    "file": lambda word: ["FILE"],
    "cpu": lambda word: ["CPU"],
}


def complete(name, text):
    (command,) = [each() for each in COMMANDS if each.name == name]
    return command.parser.complete(*base.split_last(text), COMPLETERS)


@pytest.mark.parametrize(
    "command, text, found",
    [
        (
            "snapshot save",
            "-",
            ["-background", "-file", "-note", "-overwrite", "-self-contained"],
        ),
        (
            "snapshot save",
            "-file x -",
            ["-background", "-note", "-overwrite", "-self-contained"],
        ),
        ("snapshot save", "-n", ["-note"]),
        ("snapshot save", "-file ", ["FILE"]),
        ("snapshot save", "-fi x", ["FILE"]),
        ("snapshot save", "-note ", []),
        ("snapshot save", "-overwrite ", ["NAME"]),
        ("snapshot export", "", ["NAME"]),
        ("snapshot export", "a ", ["FILE"]),
        ("snapshot export", "a -overwrite ", ["FILE"]),
        ("snapshot export", "a b ", []),
        ("snapshot import", "", ["FILE"]),
        ("snapshot import", "f ", ["NAME"]),
        ("snapshot list", "", []),
        ("snapshot name", "", ["NAME"]),
        ("snapshot name", "a ", []),
        ("snapshot note", "", ["NAME"]),
        ("snapshot undo", "", []),
        ("snapshot check", "", ["NAME"]),
        ("snapshot check", "a -cpu ", ["CPU"]),
        ("snapshot check", "a -cpu x ", ["CPU"]),
        ("snapshot check", "a -cpu x -", ["-mode"]),
        ("snapshot check", "-mode strict ", ["NAME"]),
    ],
)
def test_each_place_has_its_own_words(command, text, found):
    assert complete(command, text) == found


def test_files_are_completed_as_paths(tmp_path):
    # GIVEN a folder with a file, a folder and a hidden file
    (tmp_path / "core.one").touch()
    (tmp_path / "core.dir").mkdir()
    (tmp_path / ".core").touch()

    # THEN what begins alike is found, a folder with its slash
    assert base.files(f"{tmp_path}/core") == [
        f"{tmp_path}/core.dir/",
        f"{tmp_path}/core.one",
    ]
    assert f"{tmp_path}/.core" not in base.files(f"{tmp_path}/")
    assert base.files(f"{tmp_path}/.c") == [f"{tmp_path}/.core"]
    assert base.files(f"{tmp_path}/nowhere/") == []
