# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that others can see: rewound when that is wanted, and named when it is not."""

import pytest

ON = ["set snapshot shared-memory on"]


def test_shared_memory_that_nobody_shares_is_rewound(rewind):
    rewind("shared", "alone")


def test_shared_memory_that_was_moved_is_where_it_was(rewind):
    rewind("shared", "moved")


def test_shared_memory_gives_way_to_what_took_its_place(rewind):
    rewind("shared", "replaced")


def test_shared_memory_with_a_child_is_rewound_when_wanted(rewind):
    rewind("shared", "child", ON)


def test_a_memfd_is_rewound_when_wanted(rewind):
    rewind("shared", "memfd", ON)


@pytest.mark.parametrize("scene", ["child", "memfd", "file"])
def test_what_others_see_is_left_alone_and_named(gdb, target, scene):
    # GIVEN a program with memory that others see
    gdb.run(target("shared"), until="saved", arguments=scene)

    # WHEN it is saved
    out = gdb("snapshot save")

    # THEN it is told what a restore leaves as it is
    names = {
        "child": "/dev/zero",
        "memfd": "/memfd:a memfd",
        "file": "a file on a disk",
    }
    assert "Not captured: " in out
    assert names[scene] in out

    # WHEN it has changed, and is rewound
    gdb.go(until="changed")
    gdb("snapshot restore")
    gdb("set var expects_rewind = 0")

    # THEN the private part of it is back, and what is shared is as it became
    gdb("delete breakpoints")
    assert gdb.finish_program() == 0, gdb.program_says()


def test_a_file_on_a_disk_is_never_rewound(gdb, target):
    gdb.run(target("shared"), until="saved", arguments="file")
    gdb(ON[0])
    assert "a restore leaves files as they are" in gdb("snapshot save")


@pytest.mark.parametrize("scene", ["gone", "memfd-lost"])
def test_shared_memory_to_which_nothing_leads_is_refused(gdb, target, scene):
    # GIVEN a snapshot, and shared memory that is gone since
    gdb.run(target("shared"), until="saved", arguments=scene)
    gdb(ON[0])
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN it is to be rewound
    complaint = gdb.refuses("snapshot restore")

    # THEN the refusal names it, and the program goes its way
    assert "/dev/zero" in complaint or "/memfd:a memfd" in complaint
    assert gdb.finish_program() == 0
