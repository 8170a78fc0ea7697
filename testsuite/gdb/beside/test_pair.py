# SPDX-License-Identifier: GPL-3.0-or-later
"""Two threads at breakpoints: what GDB has reported of each, and what not yet."""

import pytest


@pytest.fixture
def both(gdb, target):
    """Both threads are stopped at a breakpoint, and GDB has said so of each."""
    gdb.load(target("pair"))
    gdb("break left")
    assert "left (" in gdb.start()
    gdb("set scheduler-locking on")
    gdb("thread 1")
    gdb("break right")
    gdb("set var may_go_on = 1")
    assert "right (" in gdb("continue")
    return gdb


def nothing(gdb):
    """Both threads stay where they are."""


def step_of_one(gdb):
    gdb("thread 2")
    gdb("next")


def next_hit_of_one(gdb):
    gdb("thread 2")
    assert "left (" in gdb("continue")
    assert gdb.value("number") == 1


def next_hits_of_both(gdb):
    assert "right (" in gdb("continue")
    assert gdb.value("number") == 1
    next_hit_of_one(gdb)


@pytest.mark.parametrize(
    "go_on", [nothing, step_of_one, next_hit_of_one, next_hits_of_both]
)
@pytest.mark.parametrize("thread,variable", [(1, "rights"), (2, "lefts")])
def test_no_thread_reports_its_breakpoint_again(both, go_on, thread, variable):
    # GIVEN a snapshot of both at their breakpoints
    both("snapshot save")

    # WHEN they have gone on and are put back
    go_on(both)
    both("snapshot restore")
    hits = [both.hits(number) for number in (1, 2)]

    # THEN each of them steps off it, as it would have
    both(f"thread {thread}")
    assert "Breakpoint" not in both("next")
    assert both.value(variable) == 1
    assert [both.hits(number) for number in (1, 2)] == hits
    both("set scheduler-locking off")
    assert both.finish_program() == 0


def test_siginfo_of_another_thread_is_that_of_its_breakpoint(both):
    # GIVEN why each thread is stopped
    why = "info threads", "thread apply all -q print $_siginfo.si_code"
    before = [both(command) for command in why]
    both("snapshot save")

    # WHEN they have gone on and are put back
    next_hits_of_both(both)
    both("snapshot restore")

    # THEN it is the same again
    after = [both(command) for command in why]
    assert after[0] == before[0]
    assert _codes(after[1]) == _codes(before[1])


def _codes(said):
    return [line.rpartition(" ")[2] for line in said.splitlines()]
