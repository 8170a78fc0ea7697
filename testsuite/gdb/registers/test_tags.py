# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of memory (aarch64: MTE) come back with the bytes that they belong to."""

from mmap import PAGESIZE

import pytest
from rounds import features

pytestmark = pytest.mark.skipif(
    "mte" not in features(),
    reason="memory has no tags here",
)


@pytest.fixture
def changed(gdb, target):
    """A program that was saved, and has since changed tags, dropped pages and removed
    a mapping; every access of it is checked."""
    gdb.run(target("tagged"), until="ready")
    said = gdb("snapshot save")
    assert "tags" not in said
    gdb("set var wants_change = 1")
    gdb.go(until="changed")
    return gdb


def tag_at(gdb, place):
    return gdb(f"memory-tag print-allocation-tag {place}").partition("=")[2]


def test_the_tags_of_memory_come_back(changed):
    # GIVEN tags that have changed, with their pages and with their mapping
    gdb = changed

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN it finds the tags that it had, and its pointers are right again
    assert gdb.finish_program() == 0
    assert "as saved" in gdb.program_says()


def test_tags_come_back_from_an_image(changed, folder):
    # GIVEN an image of the snapshot, which is forgotten
    gdb = changed
    gdb(f"snapshot export s1 {folder}/image")
    gdb("snapshot delete -all")

    # WHEN it is read and restored
    gdb(f"snapshot import {folder}/image")
    gdb("snapshot restore")

    # THEN the tags are there
    assert gdb.finish_program() == 0
    assert "as saved" in gdb.program_says()


def test_gdb_finds_the_tags_in_an_image(changed, sessions, target, folder):
    # GIVEN an image, and the tag of an address at the save
    gdb = changed
    gdb(f"snapshot export s1 {folder}/image")
    gdb("snapshot restore")
    seen = tag_at(gdb, "memory + 16")

    # WHEN GDB opens it as a core file
    other = sessions.gdb(load=False)
    other(f"file {target('tagged')}")
    other(f"core-file {folder}/image")

    # THEN it shows the same tag
    assert tag_at(other, "memory + 16") == seen


def test_a_difference_names_memory_with_other_tags(gdb, target):
    # GIVEN two snapshots, between which the tags of a page have changed
    gdb.run(target("tagged"), until="ready")
    gdb("snapshot save")
    gdb("memory-tag set-allocation-tag memory 32 0304")
    gdb("snapshot save")

    # WHEN they are compared
    said = gdb("snapshot diff s1 s2 -memory")

    # THEN the tags are what differs
    assert "other tags" in said
    assert "1 range" in said


def tags(gdb):
    """Some of them, of pages that a restore treats in different ways."""
    places = ("memory + 32", "memory + $page + 64", "memory + 3 * $page + 16")
    return [tag_at(gdb, place) for place in places]


@pytest.mark.slow
def test_a_restore_that_fails_leaves_the_tags_as_they_are(changed):
    # GIVEN tags that have changed
    gdb, number = changed, 1
    gdb(f"set var $page = {PAGESIZE}")
    seen = tags(gdb)

    # WHEN calls into the kernel fail, one in each restore
    while True:
        gdb(f"maintenance snapshot fail-at {number}")
        _, complaint = gdb.ask("snapshot restore")
        gdb("maintenance snapshot fail-at 0")
        if not complaint.strip():
            break

        # THEN no tag has changed
        assert tags(gdb) == seen, (number, complaint)
        number += 7
    assert number > 70
    assert gdb.finish_program() == 0
    assert "as saved" in gdb.program_says()
