# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever call into the kernel fails: the process is as it was (promise 2)."""

import pytest


def failing_calls(gdb, command):
    """Give a command with each of its calls into the kernel failing in turn; stop
    when there are no more: then it succeeds.  Yields the complaints."""
    number = 1
    while True:
        gdb(f"maintenance snapshot fail-at {number}")
        out, err = gdb.ask(command)
        gdb("maintenance snapshot fail-at 0")
        if not err.strip():
            return
        yield number, err
        # Each of the first hundred calls, then fewer of what is repetition.
        number += 1 if number < 100 else 7


@pytest.mark.slow
def test_a_restore_that_fails_leaves_the_process_as_it_is(gdb, target):
    # GIVEN a snapshot, and a program that has gone on in all its threads
    gdb.run(target("team"), until="tick", hits=2)
    gdb("snapshot save")
    gdb.go(until="tick", hits=3)
    seen = gdb.look()
    sums = gdb("output sums")

    # WHEN any call into the kernel fails
    failed = 0
    for number, complaint in failing_calls(gdb, "snapshot restore"):
        # THEN that is said, and no thread and no memory has changed
        failed += 1
        assert "Input/output error" in complaint, (number, complaint)
        assert gdb.look() == seen, number
        assert gdb("output sums") == sums, number

    # THEN it works when none fails
    assert failed > 20
    assert gdb.value("round") == 1
    assert gdb.finish_program() == 0


@pytest.mark.slow
def test_a_save_that_fails_leaves_the_process_as_it_is(gdb, target):
    # GIVEN a program
    gdb.run(target("team"), until="tick", hits=2)
    seen = gdb.look()

    # WHEN any call into the kernel fails
    failed = 0
    for number, complaint in failing_calls(gdb, "snapshot save"):
        # THEN that is said, there is no half snapshot, and nothing has changed
        failed += 1
        assert gdb.look() == seen, number
        assert "No snapshots" in gdb("snapshot list"), number
    assert failed > 5
    assert gdb.finish_program() == 0
