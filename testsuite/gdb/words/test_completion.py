# SPDX-License-Identifier: GPL-3.0-or-later
"""The tab key knows the words, the names and the files."""

import pytest


def completions(gdb, text):
    return gdb(f"complete {text}").splitlines()


def test_subcommands_are_completed(gdb):
    found = completions(gdb, "snapshot ")
    for word in (
        "save",
        "restore",
        "list",
        "show",
        "diff",
        "export",
        "import",
        "delete",
    ):
        assert f"snapshot {word}" in found
    assert completions(gdb, "snapshot res") == ["snapshot restore"]


def test_settings_are_completed(gdb):
    assert "set snapshot verify" in completions(gdb, "set snapshot ")
    assert "show snapshot verify" in completions(gdb, "show snapshot ver")


def test_modes_are_completed(gdb):
    assert completions(gdb, "snapshot check -mode s") == ["snapshot check -mode strict"]
    assert completions(gdb, "set snapshot fpu-mode a") == ["set snapshot fpu-mode any"]
    assert completions(gdb, "set snapshot tracking s") == [
        "set snapshot tracking soft-dirty"
    ]
    found = completions(gdb, "snapshot restore -fpu-mode ")
    assert [line.split()[-1] for line in found] == ["any", "compat"]


@pytest.fixture
def saved(gdb, target):
    gdb.run(target("counter"), until="tick")
    for name in ("apple", "apricot", "banana"):
        gdb(f"snapshot save {name}")
    return gdb


WITH_NAMES = (
    "restore",
    "show",
    "diff",
    "diff banana",
    "delete",
    "export",
    "check",
    "name",
    "note",
    "print",
    "x",
)


@pytest.mark.parametrize("word", WITH_NAMES)
def test_names_are_completed(saved, word):
    found = completions(saved, f"snapshot {word} ap")
    assert f"snapshot {word} apple" in found
    assert f"snapshot {word} apricot" in found
    assert not any(line.endswith("banana") for line in found)


@pytest.mark.parametrize(
    "command, option",
    [
        ("save", "-file"),
        ("save", "-note"),
        ("restore", "-dry-run"),
        ("restore", "-fpu-mode"),
        ("check", "-mode"),
        ("check", "-cpu"),
        ("cpu", "-file"),
        ("show", "-threads"),
        ("show", "-registers"),
        ("show", "-memory"),
        ("show", "-state"),
        ("show", "-backtrace"),
        ("when count", "-true"),
        ("diff", "-threads"),
        ("diff", "-registers"),
        ("diff", "-memory"),
        ("diff", "-state"),
        ("delete", "-all"),
    ],
)
def test_options_are_completed(saved, command, option):
    found = completions(saved, f"snapshot {command} {option[:3]}")
    assert any(line.endswith(option) for line in found), found


@pytest.mark.parametrize(
    "command",
    [
        "import ",
        "save -file ",
        "restore ",
        "show ",
        "diff ",
        "diff apple ",
        "check -cpu ",
        "cpu -file ",
    ],
)
def test_files_are_completed(saved, folder, command):
    folder.joinpath("strawberry.core").touch()
    found = completions(saved, f"snapshot {command}{folder}/straw")
    assert any(line.endswith("strawberry.core") for line in found), found
