# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at where the process was, without going there."""

import os
import re
import select
from pathlib import Path

from evidence import digest


def undisturbed(gdb):
    """What looking must not change."""
    return (
        digest(gdb),
        gdb("info breakpoints"),
        gdb("info inferiors"),
        gdb("info threads"),
        gdb("frame"),
        gdb("show values"),
        gdb("show convenience"),
    )


def test_looking_disturbs_nothing(walked):
    # GIVEN a person with a history, and a frame further out selected
    walked("print count")
    walked("set $mine = 5")
    walked("up")
    before = undisturbed(walked)

    # WHEN the past is looked at in every way
    walked("snapshot print 2 count")
    walked("snapshot x 2 /2gx &count")
    walked("snapshot show 2 -backtrace")
    walked("snapshot when count")

    # THEN all is as it was
    assert undisturbed(walked) == before
    assert walked.finish_program() == 0


def test_variables_and_registers_are_those_of_then(walked):
    pc = walked.value("(long)$pc")
    for number in range(1, 6):
        assert walked(f"snapshot print {number} count") == f"{number}: {number - 1}\n"
    assert walked("snapshot print 3 /x $pc") == f"3: {pc:#x}\n"
    assert "= 4" not in walked("snapshot print 3 squares")
    assert walked("snapshot print 3 squares") == "3: 5\n"


def test_memory_is_examined(walked):
    assert re.search(r"<count>:\s+2\n", walked("snapshot x 3 /dg &count"))
    assert "<tick" in walked("snapshot x 3 /2i $pc")
    assert "Cannot access" in walked.refuses("snapshot x 3 /x 0")


def test_frames_have_arguments_and_lines(gdb, target):
    gdb.run(target("counter"), until="square", hits=3)
    gdb("snapshot save here")
    gdb.go(until="square", hits=2)
    said = gdb("snapshot show here -backtrace")
    assert re.search(r"#0 +square \(number=3\) at .*counter\.c:\d+", said)
    assert re.search(r"#2 .* main \(\) at", said)


def test_each_thread_has_its_frames(gdb, target):
    gdb.run(target("team"), until="tick", hits=2)
    gdb("snapshot save here")
    said = gdb("snapshot show here -backtrace")
    for place in ("wait_in_red", "wait_in_green", "wait_in_blue", "tick"):
        assert place in said
    assert said.count("#0 ") == said.count("Thread ")


def test_settings_and_printers_are_the_users(walked, folder):
    # GIVEN a printer of the user's, and a setting
    printer = folder / "printer.py"
    printer.write_text(
        "import gdb\n"
        "class Long:\n"
        "    def __init__(self, value): self.value = value\n"
        "    def to_string(self): return f'about {int(self.value) + 1000}'\n"
        "def lookup(value):\n"
        "    is_long = value.type.unqualified().strip_typedefs().name == 'long'\n"
        "    return Long(value) if is_long else None\n"
        "gdb.pretty_printers.append(lookup)\n"
    )
    assert walked("snapshot print 3 count") == "3: 2\n"
    walked(f"source {printer}")
    walked("set print symbol off")

    # THEN the past is printed so, too
    assert walked("snapshot print 3 count") == "3: about 1002\n"
    assert "<count>" not in walked("snapshot print 3 &count")
    walked("set print symbol on")
    assert "<count>" in walked("snapshot print 3 &count")


def test_the_past_cannot_be_changed(walked):
    assert walked.refuses("snapshot print 2 count = 7")
    assert walked("snapshot print 2 count") == "2: 1\n"
    assert walked.refuses("snapshot print 2 square(3)")
    assert walked("snapshot print 2 count") == "2: 1\n"
    assert walked.value("count") == 4


def test_what_is_wrong_is_a_sentence(walked):
    assert 'No symbol "nonesuch"' in walked.refuses("snapshot print 2 nonesuch")
    assert "no snapshot named '77'" in walked.refuses("snapshot print 77 count")
    assert "See 'help snapshot print'" in walked.refuses("snapshot print 2")
    assert "See 'help snapshot when'" in walked.refuses("snapshot when")
    assert 'No symbol "nonesuch"' in walked.refuses("snapshot when nonesuch")


def test_when_tells_between_which_two_it_changed(walked):
    said = walked("snapshot when count")
    assert "Changed 4 times in 5 snapshots, last between 4 and 5" in said
    said = walked("snapshot when count / 3")
    assert "Changed once in 5 snapshots, last between 3 and 4" in said
    assert "It is 0 in all 5 snapshots" in walked("snapshot when count / 100")


def test_when_tells_where_it_became_true(walked):
    said = walked("snapshot when count == 2 -true")
    assert "First true between 2 and 3." in said
    said = walked("snapshot when -true count % 2 == 0")
    assert "First true in 1 already, last became true between 4 and 5." in said
    assert "not true in any" in walked("snapshot when count > 50 -true")


def test_when_goes_the_way_that_led_here(walked):
    # GIVEN another future of the second tick
    walked("snapshot undo 3")
    walked("set var count = 30")
    walked("continue")

    # THEN the first one's snapshots are not looked at
    said = walked("snapshot when count")
    assert "31" in said and not re.search(r"(?m)^ +5 ", said)
    assert "last between" in said


def test_when_works_after_the_end(walked):
    walked("delete")
    walked("continue")
    assert "last between 4 and 5" in walked("snapshot when count")


def test_where_it_has_no_value_is_said(gdb, target):
    gdb.load(target("counter"))
    gdb("set snapshot auto on")
    gdb.begin("tick")
    gdb("break square")
    gdb("continue")
    said = gdb("snapshot when number")
    assert "In 1 snapshot it cannot be evaluated" in said and "number" in said


def test_many_changes_are_cut_in_the_middle(gdb, target):
    gdb.run(target("load"), until="walk")
    gdb("set snapshot auto on")
    for _ in range(60):
        gdb("stepi 2")
    said = gdb("snapshot when $pc")
    assert len(said.splitlines()) <= 43 and " more" in said


def others(gdb):
    """GDBs whose standard error goes nowhere: those that look at snapshots."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"GDB_SNAPSHOT_OUT" in environment and (
            f"GDB_SNAPSHOT_OF={gdb.pid}".encode() in environment
        ):
            found.append(int(entry.name))
    return found


def test_the_other_gdb_ends_with_this_one(walked, sessions):
    # GIVEN a GDB that looks at snapshots, kept for the next time
    walked("snapshot print 2 count")
    (first,) = others(walked)
    walked("snapshot print 3 count")
    assert others(walked) == [first]
    end = os.pidfd_open(first)

    # WHEN this one ends
    (session,) = sessions.started
    session.close()

    # THEN so does that
    assert select.select([end], [], [], 20)[0]
    os.close(end)


def test_it_is_started_again_when_it_was_killed(walked):
    # GIVEN one that somebody kills
    walked("snapshot print 2 count")
    (first,) = others(walked)
    end = os.pidfd_open(first)
    os.kill(first, 9)
    assert select.select([end], [], [], 20)[0]
    os.close(end)

    # WHEN it is needed again
    assert walked("snapshot print 2 count") == "2: 1\n"

    # THEN there is another
    assert others(walked) not in ([], [first])
