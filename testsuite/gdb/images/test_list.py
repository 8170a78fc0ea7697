# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots are listed, shown and forgotten."""

import re

import pytest
from cpus import CPU


@pytest.fixture
def two(gdb, target):
    """Two snapshots of four threads."""
    gdb.run(target("team"), until="tick", hits=2)
    gdb("snapshot save first -note 'before the storm'")
    gdb.go(until="tick")
    gdb("snapshot save second")
    return gdb


def test_all_are_listed(two):
    for command in ("snapshot list", "info snapshots"):
        said = two(command)
        assert re.search(r"(?m)^.*\bfirst\b.*$", said)
        assert re.search(r"(?m)^.*\bsecond\b.*$", said)
    assert "before the storm" in two("snapshot list")


def test_without_any_the_list_says_so(gdb):
    assert "No snapshots" in gdb("snapshot list")


def test_names_are_given_where_there_are_none(gdb, target):
    gdb.run(target("counter"), until="tick")
    gdb("snapshot save")
    gdb("snapshot save")
    said = gdb("snapshot list")
    assert "s1" in said and "s2" in said


def test_a_name_is_not_taken_twice(two):
    assert "first" in two.refuses("snapshot save first")


def test_a_wrong_name_is_named(two):
    for command in ("restore", "show", "delete"):
        assert "third" in two.refuses(f"snapshot {command} third")


def test_deleted_ones_are_gone(two):
    two("snapshot delete first")
    assert "first" not in two("snapshot list")
    assert two.refuses("snapshot restore first")
    two("snapshot delete -all")
    assert "No snapshots" in two("snapshot list")


def test_the_newest_is_restored_by_default(two):
    two.go(until="tick")
    two("snapshot restore")
    assert two.value("round") == 2
    assert two.finish_program() == 0


def test_a_dry_run_says_the_steps_and_does_none(two):
    two.go(until="tick", hits=2)
    seen = two.look()
    said = two("snapshot restore first -dry-run")
    assert "land thread" in said
    assert two.look() == seen
    assert two.value("round") == 4
    assert two.finish_program() == 0


def test_the_threads_are_shown_with_functions_files_and_lines(two):
    said = two("snapshot show second -threads")
    for place in ("wait_in_red", "wait_in_green", "wait_in_blue", "tick"):
        assert place in said
    assert re.search(r"team\.c:\d+", said)


def test_the_registers_are_shown_with_the_vectors(two):
    said = two("snapshot show second -registers")
    for name in CPU.shown:
        assert re.search(rf"\b{name}\b", said), name
    assert re.search(rf"\b{CPU.vector}\b", said)
    pc = two.value("(long)$pc")
    assert f"{pc:x}" in said


def test_the_memory_is_shown(two):
    said = two("snapshot show second -memory")
    assert "team.story" in said
    assert "[stack]" in said
    assert "libc.so" in said


def test_the_state_is_shown(two):
    assert two("snapshot show second -state").strip()


def test_an_image_is_shown_without_a_process(two, sessions, folder):
    two(f"snapshot export first {folder}/first.core")
    other = sessions.gdb()
    said = other(f"snapshot show {folder}/first.core -threads")
    assert "wait_in_red" in said and "team.c" in said
    other(f"snapshot import {folder}/first.core")
    assert "first" in other("snapshot list")
    assert "before the storm" in other("snapshot show first")
