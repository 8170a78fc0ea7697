# SPDX-License-Identifier: GPL-3.0-or-later
"""Breakpoints and watchpoints before, at and since the save."""

import re

from marks import watch


def test_a_breakpoint_at_the_place_is_not_reported_again(gdb, target):
    # GIVEN a snapshot taken at a breakpoint that was hit three times
    gdb.load(target("counter"))
    gdb("break tick")
    tick = gdb.number
    gdb.start()
    gdb("continue")
    gdb("continue")
    gdb("snapshot save")
    assert (gdb.value("count"), gdb.hits(tick)) == (2, 3)

    # WHEN the program is rewound to it
    gdb("continue")
    hits = gdb.hits(tick)
    gdb("snapshot restore")

    # THEN the hits are as they were, and the next one is that of the next tick
    assert gdb.hits(tick) == hits
    gdb("continue")
    assert gdb.hits(tick) == hits + 1
    assert gdb.value("count") == 3
    assert gdb.finish_program() == 0


def test_a_breakpoint_set_since_the_save_stays_and_works(gdb, target):
    # GIVEN a breakpoint set after the save
    gdb.run(target("counter"), until="tick", hits=2)
    gdb("snapshot save")
    gdb("break square if number == 5")
    square = gdb.number

    # WHEN the program has passed it and is rewound
    assert f"Breakpoint {square}," in gdb("continue")
    gdb("snapshot restore")

    # THEN it is still there and is hit where it should be
    assert "square" in gdb("info breakpoints")
    assert f"Breakpoint {square}," in gdb("continue")
    assert gdb.value("count") == 5
    assert gdb.hits(square) == 2
    assert gdb.finish_program() == 0


def test_a_breakpoint_deleted_since_the_save_stays_deleted(gdb, target):
    # GIVEN a breakpoint at the place of the save, deleted since
    gdb.load(target("counter"))
    gdb("break tick")
    tick = gdb.number
    gdb.start()
    gdb("snapshot save")
    gdb("continue")
    gdb(f"delete {tick}")
    gdb.go(until="square", hits=3)

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN nothing of it comes back: the program runs to its end
    assert "exited normally" in gdb("continue")


def test_a_hardware_watchpoint_set_since_the_save_works(gdb, target):
    # GIVEN a hardware watchpoint set after the save, triggered since
    gdb.run(target("counter"), until="tick", hits=2)
    gdb("snapshot save")
    number = watch(gdb, "squares")
    assert "Old value = 1" in gdb("continue")
    gdb("continue")
    gdb("snapshot restore")
    hits = gdb.hits(number)

    # WHEN the program goes on after the restore
    said = gdb("continue")

    # THEN the watchpoint sees exactly the next change, with the old value right
    assert re.search(r"Old value = 1\s+New value = 5\b", said), said
    assert gdb.hits(number) == hits + 1
    assert gdb.finish_program() == 0


def test_a_hardware_watchpoint_from_before_the_save_works(gdb, target):
    # GIVEN a watchpoint that has triggered at the place of the save
    gdb.run(target("counter"), until="tick", hits=2)
    number = watch(gdb, "squares")
    gdb("continue")
    gdb("snapshot save")
    saved = gdb.value("squares")
    gdb("continue")
    gdb("continue")

    # WHEN the program is rewound there
    gdb("snapshot restore")
    hits = gdb.hits(number)

    # THEN it does not trigger again for what has been, only for the next change
    assert gdb.value("squares") == saved
    said = gdb("continue")
    assert re.search(r"Old value = 5\s+New value = 14\b", said), said
    assert gdb.hits(number) == hits + 1
    assert gdb.finish_program() == 0


def test_breakpoints_that_stay_inserted_are_in_no_snapshot(
    gdb, sessions, target, folder
):
    # GIVEN a breakpoint that is in memory at the prompt too
    gdb.run(target("counter"), until="tick")
    add = gdb.value("(long)&add")
    own = raw(gdb.inferior, add)
    gdb("set breakpoint always-inserted on")
    gdb("break add")
    number = gdb.number
    assert raw(gdb.inferior, add) != own

    # WHEN the program is saved to a file, goes on, and is rewound
    gdb(f"snapshot save clean -file {folder}/clean.core")
    gdb("continue")
    gdb("snapshot restore clean")

    # THEN the image has the program's own bytes
    reader = sessions.gdb(target("counter"), f"{folder}/clean.core", load=False)
    words = reader(f"output/x *(unsigned char (*)[16]){add}")
    assert bytes(int(word, 16) for word in re.findall("0x[0-9a-f]+", words)) == own

    # THEN the breakpoint is still hit, once, and taking it away leaves no byte
    hits = gdb.hits(number)
    assert f"Breakpoint {number}, add" in gdb("continue")
    assert gdb.hits(number) == hits + 1
    gdb("set breakpoint always-inserted off")
    gdb("delete breakpoints")
    assert raw(gdb.inferior, add) == own
    assert gdb.finish_program() == 0


def test_a_snapshot_forgets_no_breakpoint_that_stays_inserted(gdb, target):
    # GIVEN a snapshot from before a breakpoint that stays in memory
    gdb.run(target("counter"), until="tick", hits=3)
    gdb("snapshot save")
    gdb("set breakpoint always-inserted on")
    gdb("break square")
    number = gdb.number
    gdb("continue")

    # WHEN the program is rewound to when its code had no breakpoint
    gdb("snapshot restore")

    # THEN the breakpoint is in its code now
    assert f"Breakpoint {number}, square" in gdb("continue")
    assert gdb.finish_program() == 0


def raw(pid, address):
    """Memory as the processor sees it, breakpoints and all."""
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(address)
        return memory.read(16)
