# SPDX-License-Identifier: GPL-3.0-or-later
"""The plainest story: count, save, count on, go back."""


def test_a_restore_brings_memory_and_place_back(gdb, target):
    # GIVEN a counter stopped at 3, and a snapshot of it
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save at-three")
    pid, sp, pc = gdb.inferior, gdb.value("$sp"), gdb.value("$pc")

    # WHEN it has counted to 5, has stopped deeper in the stack, and is rewound
    gdb.go(until="tick", hits=2)
    gdb.go(until="square")
    assert gdb.value("count") == 6
    gdb("snapshot restore at-three")

    # THEN the same process is at the same place, and counts to the end
    assert gdb.inferior == pid
    assert (gdb.value("$sp"), gdb.value("$pc")) == (sp, pc)
    assert gdb.value("count") == 3
    assert gdb.value("squares") == 14
    assert gdb.finish_program() == 0
    assert gdb.program_says() == "counted to 10\n"


def test_one_snapshot_can_be_restored_again_and_again(gdb, target):
    # GIVEN a snapshot of the counter at 2
    gdb.run(target("counter"), until="tick", hits=3)
    gdb("snapshot save")

    # WHEN it runs on a different way each time
    for times in (1, 5, 2, 7):
        gdb.go(until="tick", hits=times)
        assert gdb.value("count") == 2 + times
        gdb("snapshot restore")

        # THEN each restore brings 2 back
        assert gdb.value("count") == 2
    assert gdb.finish_program() == 0


def test_many_snapshots_lead_forward_and_backward(gdb, target):
    # GIVEN a snapshot at every number
    gdb.run(target("counter"), until="tick")
    for number in range(8):
        assert gdb.value("count") == number
        gdb(f"snapshot save n{number}")
        gdb.go(until="tick")

    # WHEN they are restored in any order, also into what is then the future
    for number in (3, 7, 0, 1, 6, 6, 2, 5, 4):
        gdb(f"snapshot restore n{number}")

        # THEN each is what it was, and can go on from there
        assert gdb.value("count") == number
        gdb.go(until="tick")
        assert gdb.value("count") == number + 1
    assert gdb.finish_program() == 0


def test_a_variable_changed_after_the_restore_stays_changed(gdb, target):
    # GIVEN a counter rewound to 3
    gdb.run(target("counter"), until="tick", hits=4)
    gdb("snapshot save")
    gdb.go(until="tick", hits=3)
    gdb("snapshot restore")

    # WHEN its count is set by hand
    gdb("set var count = 30")

    # THEN the program goes on with that
    gdb.go(until="tick")
    assert gdb.value("count") == 31
    assert gdb.finish_program() == 1
