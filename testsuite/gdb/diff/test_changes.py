# SPDX-License-Identifier: GPL-3.0-or-later
"""A diff says what has changed, and nothing else."""

import re
from mmap import PAGESIZE

import pytest
from cpus import CPU


@pytest.fixture
def begun(gdb, target):
    """The program saved before it changes anything."""
    gdb.run(target("changes"), until="begin")
    gdb("snapshot save before")
    return gdb


def lines(said):
    return [" ".join(line.split()) for line in said.splitlines()]


def block(said, title):
    """The lines under a heading."""
    match = re.search(rf"(?m)^{title}\b.*\n((?:  .*\n)*)", said)
    return match[1] if match else ""


@pytest.mark.parametrize(
    "program, place",
    [("changes", "begin"), ("team", "tick"), ("sleeper", "halfway")],
)
def test_right_after_a_save_nothing_differs(gdb, target, program, place):
    # GIVEN a program that was just saved
    gdb.run(target(program), until=place)
    gdb("snapshot save here")

    # WHEN it is compared, again and again
    for _ in range(3):
        # THEN nothing differs, and one sentence says so
        assert gdb("snapshot diff") == "Nothing differs between here and the process.\n"
    assert gdb("snapshot diff here here") == "Nothing differs between here and here.\n"


def test_with_every_register_in_use_nothing_differs(gdb, target):
    # GIVEN ten threads that keep numbers of their own in every register
    gdb.load(target("allregs"))
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin("tick", hits=20, arguments="1000000000")

    # WHEN they are saved, THEN none of them differs, until they have gone on
    gdb("snapshot save here")
    assert gdb("snapshot diff") == "Nothing differs between here and the process.\n"
    said = ""
    for _ in range(50):
        # All others may have had no processor in between.
        gdb.go(until="tick")
        said = gdb("snapshot diff")
        if "Registers" in said:
            break
    assert "Registers" in said


def test_after_a_restore_nothing_differs(begun):
    begun.go(until="memory")
    begun("snapshot restore")
    assert "Nothing differs" in begun("snapshot diff")


def test_a_diff_leaves_no_trace(begun):
    # GIVEN a program that has changed much
    begun.go(until="threads")
    seen, picture = begun.look(), begun.picture()

    # WHEN it is compared
    begun("snapshot diff")

    # THEN GDB shows the same, there is no snapshot more, and the program runs on
    assert begun.look() == seen
    assert begun.picture() == picture
    _, before, where_it_is = lines(begun("snapshot list"))
    assert before.startswith("* before") and where_it_is.startswith("Process")
    assert begun.finish_program() == 0


def test_a_variable_is_named_with_its_bytes_before_and_after(begun):
    # WHEN a variable and an element of an array have changed
    begun.go(until="variables")
    said = begun("snapshot diff -memory")

    # THEN they are named, with the bytes that differ and no others
    counter = begun.value("(long)&counter")
    element = begun.value("(long)&table[2]")
    found = lines(said)
    assert f"0x{counter:012x} 2 bytes counter in changes.story 01 00 02 01" in found
    assert f"0x{element:012x} 1 byte table+8 in changes.story 03 04" in found


def test_breakpoints_are_no_difference(begun):
    # GIVEN breakpoints that were in the code while it ran
    begun("break mappings")
    begun("break signals")
    begun.go(until="variables")

    # THEN no code differs
    said = begun("snapshot diff -memory")
    for name in ("mappings", "signals", "begin", "main"):
        assert not re.search(rf"\b{name}\b.* in changes", said)
    assert "counter" in said


def test_registers_are_told_by_name_before_and_after(begun):
    # WHEN a general and a vector register have changed
    pc = begun.value("(long)$pc")
    begun.go(until="*vector_is_set")
    said = begun("snapshot diff -registers")

    # THEN both are told, the vector as a whole
    found = lines(said)
    now = begun.value("(long)$pc")
    assert f"{CPU.pc} 0x{pc:016x} → 0x{now:016x}" in found
    assert re.search(
        rf"(?m)^    {CPU.vector} +0x.*(\n +)? → 0x.*_?{'f' * 16}_{'f' * 16}$", said
    )
    assert "Memory" not in said


def test_anonymous_memory_and_stacks_are_told(begun):
    begun.go(until="memory")
    said = begun("snapshot diff -memory")
    heap = begun.value("(long)heap")
    assert f"0x{heap + 5 * PAGESIZE + 100:012x} 1 byte" in " ".join(lines(said))
    assert f"0x{heap + 7 * PAGESIZE:012x} 1000 bytes" in " ".join(lines(said))
    assert "second_stack+100" in said
    assert f"stack of thread {begun.inferior}" in said


def test_mappings_are_new_gone_and_changed(begun):
    begun.go(until="mappings")
    found = [
        line.split() for line in block(begun("snapshot diff"), "Mappings").splitlines()
    ]
    made = begun.value("(long)made")
    doomed = begun.value("(long)doomed")
    fixed = begun.value("(long)fixed")
    assert any(words[0] == "new" and spans(words[1], made, 3) for words in found)
    assert any(words[0] == "gone" and spans(words[1], doomed, 2) for words in found)
    changed = [words for words in found if words[:2] == ["protection", "changed"]]
    assert len(changed) == 1 and spans(changed[0][2], fixed, 1)


def spans(text, start, pages):
    """Whether a range contains some pages: neighbours are told together."""
    low, high = (int(number, 16) for number in text.split("-"))
    return low <= start and start + pages * PAGESIZE <= high


def test_signal_masks_and_stacks_are_told(begun):
    begun.go(until="signals")
    said = block(begun("snapshot diff -state"), "Signals")
    assert re.search(r"blocked +of thread \d+ .*: none → SIGUSR1", said)
    assert re.search(
        r"alternate stack +of thread \d+ .*: none → 0x[0-9a-f]+, 64 KiB", said
    )


def test_threads_are_new_and_gone(begun):
    old = set(begun.look())
    begun.go(until="threads")
    new = set(begun.look())
    found = lines(block(begun("snapshot diff -threads"), "Threads"))
    (gone,) = old - new
    (come,) = new - old
    assert f'gone {gone} "changes.story"' in found
    assert f'new {come} "changes.story"' in found


def test_of_many_ranges_the_first_are_shown_and_all_are_counted(begun):
    # WHEN a byte of every 64 in 256 KiB has changed
    begun.go(until="many")
    said = begun("snapshot diff")

    # THEN a few are shown, and the rest is counted with its amount
    match = re.search(r"Memory: (.*) in (\d+) ranges", said)
    assert match and 4096 <= int(match[2]) < 4200
    shown = re.findall(r"(?m)^  0x[0-9a-f]{12} ", said)
    assert len(shown) == 20
    assert f"… and {int(match[2]) - 20} more ranges (" in said
    assert (
        len(re.findall(r"(?m)^  0x[0-9a-f]{12} ", begun("snapshot diff -memory")))
        == 1000
    )


def test_what_a_restore_would_refuse_is_a_difference(begun):
    # GIVEN shared memory that is gone: no restore can make it again
    begun.go(until="shared")
    begun.refuses("snapshot restore before")

    # THEN the diff says all that has changed, and that
    said = begun("snapshot diff before")
    assert "counter" in said and "gone" in block(said, "Mappings")
    assert "nothing leads to what it showed" in block(
        said, "A restore could not put back"
    )


def test_odd_names_stay_on_their_line(begun):
    # GIVEN a thread whose name has a newline in it
    begun.go(until="shared")
    begun("snapshot save after")

    # THEN it is written out wherever it is shown
    for command in (
        "diff after before -registers",
        "show after -threads",
        "show after -state",
    ):
        said = begun(f"snapshot {command}")
        assert r'"two\nlines"' in said
        assert '"two\nlines"' not in said
