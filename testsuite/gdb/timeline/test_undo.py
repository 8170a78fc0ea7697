# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot at each stop, and going back over them."""

import re

import pytest
from evidence import digest
from marks import needs_watchpoints


@pytest.fixture
def auto(gdb, target):
    """A counter at its first tick; each stop from there on is kept."""
    gdb.load(target("counter"))
    gdb("set snapshot auto on")
    gdb.begin("tick")
    return gdb


def listed(gdb):
    """What the list says: names, how many branches go past, what is now, the lines."""
    _, *lines = gdb("snapshot list").splitlines()
    rows = [re.match(r"(\*?) +((?:\| )*)(\S+) .*", line) for line in lines]
    return [(row[3], len(row[2]) // 2, bool(row[1]), row[0]) for row in rows if row]


def names(gdb):
    return [name for name, *_ in listed(gdb)]


def where(gdb):
    return gdb.value("$pc"), gdb.value("$sp"), gdb.value("count"), gdb.value("squares")


def test_an_overshot_next_is_undone(auto):
    # GIVEN a person who types `next` where `step` was meant
    auto("next")
    auto("next")
    before = where(auto)
    auto("next")
    assert auto.value("count") == 1

    # WHEN it is undone
    said = auto("snapshot undo")

    # THEN the process is where it was, which is shown, and `step` goes inside
    assert "Back 1 resumption" in said and "tick () at" in said
    assert where(auto) == before
    assert "add (" in auto("step")
    assert auto.finish_program() == 0


def test_undo_and_redo_are_exact(auto):
    # GIVEN ten stops of all kinds
    auto("break square")
    seen = [digest(auto)]
    for command in "next step finish next continue next finish stepi nexti".split():
        auto(command)
        seen.append(digest(auto))

    # WHEN the process goes back one by one, and forward one by one
    for expected in seen[-2::-1]:
        auto("snapshot undo")
        # THEN each is what it was
        assert digest(auto) == expected
    for expected in seen[1:]:
        auto("snapshot redo")
        assert digest(auto) == expected
    auto("snapshot undo 9")
    assert digest(auto) == seen[0]
    auto("snapshot redo 9")
    assert digest(auto) == seen[-1]
    assert auto.finish_program() == 0


def test_another_future_leaves_the_first_one_whole(auto):
    # GIVEN a future of three stops
    auto("next")
    auto("next")
    auto("break square")
    auto("continue")
    first = digest(auto)
    (end,) = [name for name, _, is_now, _ in listed(auto) if is_now]

    # WHEN it is undone, a variable is changed, and the program takes another way
    auto("snapshot undo 2")
    auto("set var count = 70")
    auto("continue")
    assert auto.value("number") == 71
    other = digest(auto)

    # THEN the list has both, and the process can go to the first and back
    depths = {name: depth for name, depth, *_ in listed(auto)}
    (now,) = [name for name, _, is_now, _ in listed(auto) if is_now]
    assert depths[end] == 1 and depths[now] == 0
    auto(f"snapshot restore {end}")
    assert digest(auto) == first
    auto(f"snapshot restore {now}")
    assert digest(auto) == other
    assert auto.value("number") == 71
    auto(f"snapshot restore {end}")
    assert auto.value("number") == 1
    assert auto.finish_program() == 0


def test_what_is_changed_at_the_prompt_is_a_snapshot_of_its_own(auto):
    # GIVEN a variable that was set by hand before a step
    auto("next")
    auto("set var count = 40")
    auto("next")
    auto("next")
    assert auto.value("count") == 41

    # WHEN the steps are undone
    auto("snapshot undo 2")

    # THEN what was set is set, and going back once more is before it
    assert auto.value("count") == 40
    auto("snapshot undo")
    assert auto.value("count") == 0
    auto("snapshot redo")
    assert auto.value("count") == 40


def test_a_function_called_by_hand_is_no_resumption(auto):
    if not auto.can_call("add(1, 2)"):
        pytest.skip("this GDB cannot call functions here")
    first = where(auto)
    auto("next")
    auto("call square(3)")
    auto("next")
    auto("snapshot undo 2")
    assert where(auto) == first


def test_stops_that_nobody_sees_do_not_count(auto):
    # GIVEN a breakpoint that prints and goes on
    auto("break add\ncommands\nsilent\nprint a\ncontinue\nend")
    auto("break square if number == 3")

    # WHEN the program comes by it five times on its way to the next stop
    auto("continue")
    assert auto.value("number") == 3

    # THEN that was one resumption
    assert len(names(auto)) == 2
    auto("snapshot undo")
    assert auto.value("count") == 0


def test_a_breakpoint_whose_commands_stay_counts(auto):
    auto("break square\ncommands\nprint number\nend")
    auto("continue")
    assert len(names(auto)) == 2
    auto("snapshot undo")
    assert auto.value("count") == 0


@needs_watchpoints
def test_the_list_says_where_and_why(auto):
    auto("next")
    auto("watch squares")
    auto("continue")
    lines = [line for *_, line in listed(auto)]
    assert "tick at counter.c:" in lines[0] and "breakpoint 1" in lines[0]
    assert " step" in lines[1]
    assert "watchpoint 2" in lines[2]
    assert lines[2].startswith("*")


def test_the_thread_is_said_where_there_are_more(gdb, target):
    gdb.run(target("team"), until="tick")
    gdb("set snapshot auto on")
    assert re.search(r"tick at team\.c:\d+, thread \d", gdb("snapshot list"))


def test_signals_are_stops(gdb, target):
    gdb.load(target("fault"))
    gdb("set snapshot auto on")
    gdb.start()
    assert "SIGSEGV" in gdb("snapshot list")


def test_without_snapshots_between_undo_says_how_far_it_can_go(gdb, target):
    # GIVEN one that was saved by hand three steps ago
    gdb.run(target("counter"), until="tick")
    gdb("snapshot save here")
    before = digest(gdb)
    for _ in range(3):
        gdb("next")

    # WHEN one step is to be undone
    said = gdb.refuses("snapshot undo")

    # THEN it is said what can be, which is right, and it can be redone
    assert "'here': use 'snapshot undo 3'" in said
    assert "3 resumptions after here" in gdb("snapshot list")
    after = digest(gdb)
    gdb("snapshot undo 3")
    assert digest(gdb) == before
    gdb("snapshot redo 3")
    assert digest(gdb) == after
    assert gdb.finish_program() == 0


def test_what_cannot_be_undone_is_a_sentence(gdb, target):
    assert "no process" in gdb.refuses("snapshot undo")
    gdb("file " + str(target("counter")))
    gdb.begin("tick")
    assert "set snapshot auto on" in gdb.refuses("snapshot undo")
    assert "counted from 1" in gdb.refuses("snapshot undo 0")
    gdb("snapshot save")
    assert "at the first one" in gdb.refuses("snapshot undo")
    assert "nothing was undone" in gdb.refuses("snapshot redo").lower()
    gdb("next")
    assert "gone on" in gdb.refuses("snapshot redo")
    assert gdb.finish_program() == 0
    assert "no process" in gdb.refuses("snapshot undo")


def test_where_no_snapshot_can_be_taken_it_is_said_once(auto):
    # GIVEN a person who records
    auto("record full")

    # WHEN the program stops twice
    first = auto.ask("next")
    second = auto.ask("next")

    # THEN why there is no snapshot was said once, and again when it is new
    assert "No snapshot was taken here" in first[1] and "recorded" in first[1]
    assert "No snapshot" not in second[1]
    auto("record stop")

    # and there is one again when there can be
    auto("next")
    assert names(auto) == ["1", "2"]


def test_names_and_notes_come_later(auto):
    auto("next")
    auto("next")
    assert "called overshot now" in auto("snapshot name 3 overshot")
    auto("snapshot note overshot too far by one")
    auto("next")
    assert names(auto) == ["1", "2", "overshot", "4"]
    assert "too far by one" in auto("snapshot list")
    auto("snapshot note overshot")
    assert "too far" not in auto("snapshot list")
    assert "cannot be a number" in auto.refuses("snapshot name 1 7")
    assert "already" in auto.refuses("snapshot name 1 overshot")
    assert "no snapshot named '3'" in auto.refuses("snapshot name 3 x")
    auto("snapshot undo")
    assert re.search(r"(?m)^\* +overshot ", auto("snapshot list"))


def test_a_limit_thins_the_numbers_and_keeps_the_names(auto):
    # GIVEN 24 stops, two of them named
    auto("delete")
    auto("break tick")
    for _ in range(23):
        auto("next")
    auto("snapshot name 4 four")
    auto("snapshot name 7 seven")
    usage = auto.python("__import__('_snapshot').store()")

    # WHEN there is room for less
    limit = (usage["pages"] + usage["tables"]) // 1024 - 40
    auto(f"set snapshot limit {limit}K")

    # THEN some numbers are gone, the first and the last are there, and the names
    found = names(auto)
    assert 4 <= len(found) < 24
    assert {"1", "four", "seven", "24"} <= set(found)

    # and what is left is as far away as it was
    before = auto.value("count")
    auto("snapshot undo 17")
    assert re.search(r"(?m)^\* +seven ", auto("snapshot list"))
    auto("snapshot redo 17")
    assert auto.value("count") == before
    assert auto.finish_program() == 0


def test_off_takes_no_more(auto):
    auto("next")
    auto("set snapshot auto off")
    assert "is off" in auto("show snapshot auto")
    auto("next")
    assert names(auto) == ["1", "2"]
    auto("set snapshot auto on")
    assert names(auto) == ["1", "2", "3"]
    auto("snapshot undo")
    assert "at snapshot 1" in auto("snapshot undo")


def test_a_second_run_begins_anew(auto):
    auto("next")
    assert auto.finish_program() == 0
    auto.begin("tick")
    assert "at the first one" in auto.refuses("snapshot undo")
