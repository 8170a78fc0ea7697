# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be compared, by which words."""

import re

import pytest


@pytest.fixture
def three(gdb, target):
    """Three snapshots of a program, which has gone on since."""
    gdb.run(target("counter"), until="tick")
    for name in ("one", "two", "three"):
        gdb(f"snapshot save {name}")
        gdb.go(until="tick")
    return gdb


def changes(said):
    """Of the variable `count`, the bytes before and after."""
    match = re.search(r"(?m) count in counter.story +([0-9a-f]+) +([0-9a-f]+)$", said)
    return match.groups() if match else None


def test_without_words_the_newest_is_compared_with_the_process(three):
    assert three("snapshot diff").startswith("From three to the process:\n")
    assert changes(three("snapshot diff")) == ("02", "03")


def test_a_snapshot_is_compared_with_the_process(three):
    said = three("snapshot diff one")
    assert said.startswith("From one to the process:\n")
    assert changes(said) == ("00", "03")


def test_two_snapshots_are_compared_in_either_direction(three):
    assert changes(three("snapshot diff one two")) == ("00", "01")
    assert changes(three("snapshot diff two one")) == ("01", "00")


def test_only_what_was_asked_for_is_shown(three):
    said = three("snapshot diff one two -memory")
    assert "Memory:" in said and "Registers" not in said
    said = three("snapshot diff one two -registers")
    assert "Registers" in said and "Memory:" not in said
    assert three("snapshot diff one two -threads") == (
        "Nothing of that differs between one and two.\n"
    )


def test_images_are_compared_without_a_process(three, sessions, folder):
    # GIVEN images, and a GDB that has no program
    three(f"snapshot export one {folder}/one.core")
    three(f"snapshot export three {folder}/three.core")
    other = sessions.gdb()

    # WHEN they are compared
    said = other(f"snapshot diff {folder}/one.core {folder}/three.core")

    # THEN the variables are named all the same, out of the program's file
    assert changes(said) == ("00", "02")
    assert "Registers" in said


def test_an_image_is_compared_with_the_process(three, folder):
    three(f"snapshot export one {folder}/one.core")
    three("snapshot delete -all")
    assert changes(three(f"snapshot diff {folder}/one.core")) == ("00", "03")


def test_two_processes_are_compared_as_far_as_that_goes(
    three, sessions, target, folder
):
    # GIVEN an image of another run of the same program
    three(f"snapshot export two {folder}/two.core")
    other = sessions.gdb(target("counter"))
    other.begin("tick", hits=4)

    # WHEN that is compared
    said = other(f"snapshot diff {folder}/two.core")

    # THEN it is said what they are, and what differs
    assert re.search(r"They are of two processes, \d+ and \d+: their threads", said)
    assert changes(said) == ("01", "03")
    assert not re.search("(?m)^Threads", said)


def test_processes_of_two_programs_are_compared_too(three, sessions, target, folder):
    three(f"snapshot export two {folder}/two.core")
    other = sessions.gdb(target("team"))
    other.begin("tick")
    said = other(f"snapshot diff {folder}/two.core")
    assert "They are of two programs" in said
    assert re.search(r"(?m)^Threads\n  new ", said)


def test_what_is_not_there_is_named(gdb):
    assert "There is no process" in gdb.refuses("snapshot diff")
    assert "'no-such'" in gdb.refuses("snapshot diff no-such other")


def test_without_a_snapshot_of_the_process_it_says_so(gdb, target):
    gdb.run(target("counter"), until="tick")
    assert "there is no snapshot" in gdb.refuses("snapshot diff").lower()


def test_a_running_process_is_not_compared(gdb, target):
    gdb.run(target("spin"), until="started")
    gdb("snapshot save")
    gdb("continue &")
    assert "process is running" in gdb.refuses("snapshot diff")
    gdb.write("interrupt")
    gdb.read_until("received signal SIGINT")


def test_a_front_end_gets_structure(sessions, target, folder):
    # GIVEN a front-end whose program has gone on since a snapshot
    mi = sessions.mi(target("counter"))
    mi(f"-exec-arguments </dev/null >{folder}/inferior.out")
    mi("-break-insert tick")
    mi("-exec-run")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi("-snapshot-save one")
    assert 'differs="n"' in mi("-snapshot-diff")
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')

    # WHEN it asks what differs
    said = mi("-snapshot-diff one")

    # THEN it gets lists
    assert 'differs="y"' in said and 'old={name="one"' in said
    assert re.search(r'memory=\[\{start="0x[0-9a-f]+",end="0x[0-9a-f]+",name=', said)
    assert "memory-ranges=" in said and "memory-bytes=" in said
    assert 'registers=[{tid="' in said
    assert "registers" not in mi("-snapshot-diff one -memory")


def test_python_gets_objects(three):
    three("python import gdbsnapshot; found = gdbsnapshot.diff('one', 'two')")
    assert three.python("found.difference['is_empty']") is False
    assert three.python("(found.old.name, found.new.name)") == ["one", "two"]
