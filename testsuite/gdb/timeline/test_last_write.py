# SPDX-License-Identifier: GPL-3.0-or-later
"""Going back to the write that made it what it is."""

from evidence import digest
from marks import needs_watchpoints


@needs_watchpoints
def test_the_last_write_is_found(walked):
    # GIVEN a breakpoint that counts, and a place
    here = digest(walked)
    before = walked("info breakpoints")

    # WHEN the last write to a variable is asked for
    said = walked("snapshot last-write squares")

    # THEN the process is behind it, and the breakpoints are as they were
    assert "14 became 30" in said and "snapshot restore 5" in said
    assert walked.value("squares") == 30 and walked.value("count") == 4
    assert walked("info breakpoints") == before
    assert "write" in walked("snapshot list")

    # and the way back is exact
    walked("snapshot restore 5")
    assert digest(walked) == here
    assert walked.finish_program() == 0


@needs_watchpoints
def test_of_several_writes_it_is_the_last(walked):
    # GIVEN one snapshot at the beginning alone
    walked("set snapshot auto off")
    walked("snapshot delete 2 3 4 5")
    here = digest(walked)

    # WHEN the last write is asked for
    said = walked("snapshot last-write count")

    # THEN it is the one to 4, of four
    assert "of 4" in said and "3 became 4" in said
    assert walked.value("count") == 4 and walked.value("squares") == 14
    walked("snapshot undo")
    assert walked.value("count") == 0
    assert here != digest(walked)


def test_another_way_is_noticed_and_nothing_is_changed(gdb, target):
    # GIVEN a program that has looked at the clock since
    gdb.load(target("other"))
    gdb("set snapshot auto on")
    gdb.begin("look")
    gdb("break done")
    gdb("continue")
    here = digest(gdb)

    # WHEN it is run again to find a write
    said = gdb.refuses("snapshot last-write ticks")

    # THEN it is said that it did not come here, and it is back
    assert "another way" in said
    assert digest(gdb) == here
    assert "done ()" in gdb("frame")
    assert gdb.finish_program() == 0


def test_what_never_changed_is_said(walked):
    here = digest(walked)
    assert "not lie in memory" in walked.refuses("snapshot last-write count + 1")
    assert "not lie in memory" in walked.refuses("snapshot last-write $pc")
    walked("snapshot delete 1 2 3 4")
    assert "same value in all 1 snapshots" in walked.refuses(
        "snapshot last-write count"
    )
    assert digest(walked) == here


def test_too_much_to_watch_is_said(gdb, target):
    gdb.run(target("load"), until="walk")
    gdb("set snapshot auto on")
    gdb("next")
    gdb("next")
    gdb("next")
    here = digest(gdb)
    assert "watchpoints" in gdb.refuses("snapshot last-write counted")
    assert digest(gdb) == here
