# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything explains itself."""

import pytest

SUBCOMMANDS = (
    "save",
    "restore",
    "list",
    "show",
    "diff",
    "export",
    "import",
    "delete",
    "check",
    "cpu",
    "undo",
    "redo",
    "name",
    "note",
    "when",
    "last-write",
    "print",
    "x",
)
SETTINGS = (
    "auto",
    "directory",
    "fpu-mode",
    "limit",
    "shared-memory",
    "tracking",
    "verify",
)


def test_the_help_of_snapshot_names_every_subcommand(gdb):
    said = gdb("help snapshot")
    for word in SUBCOMMANDS:
        assert f"snapshot {word} -- " in said


@pytest.mark.parametrize("word", SUBCOMMANDS)
def test_every_subcommand_has_help(gdb, word):
    said = gdb(f"help snapshot {word}")
    summary, _, rest = said.partition("\n")
    assert summary.endswith(".") and len(summary) > 15
    assert f"Usage: snapshot {word}" in rest


def test_info_snapshots_has_help(gdb):
    assert "snapshots" in gdb("help info snapshots")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_help_and_shows_itself(gdb, name):
    assert len(gdb(f"help set snapshot {name}").splitlines()) >= 1
    said = gdb(f"show snapshot {name}")
    assert said.strip().endswith(".")


def test_apropos_finds_the_commands(gdb):
    assert "snapshot save" in gdb("apropos snapshot")
