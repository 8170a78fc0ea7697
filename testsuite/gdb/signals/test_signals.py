# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers, signal stacks and pending signals are back; each program looks itself."""

import pytest
from rewinding import rewind


def test_handlers_flags_and_masks_are_back(gdb, target):
    rewind(gdb, target, "actions")


def test_the_plan_names_each_action_that_changed(gdb, target):
    # GIVEN a program that has changed the actions of its signals since a snapshot
    gdb.run(target("actions"), until="saved")
    gdb("handle all nostop noprint pass")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN the plan is asked for
    plan = gdb("snapshot restore -dry-run")

    # THEN it has a line for each, those that were used up and ignored too
    for name in ("SIGTERM", "SIGHUP", "SIGPIPE", "SIGUSR2", "SIGRTMIN+30"):
        assert f"set action of {name}: " in plan
    assert "SIGKILL" not in plan and "SIGSTOP" not in plan
    assert gdb.finish_program() == 0


def test_a_thread_on_its_signal_stack_is_back_on_it(gdb, target):
    rewind(gdb, target, "stack", "inside")


def test_a_signal_stack_that_was_given_up_is_back(gdb, target):
    rewind(gdb, target, "stack", "outside")


def test_a_signal_stack_that_disarms_itself_is_armed_again(gdb, target):
    rewind(gdb, target, "stack", "disarmed")


def test_signals_that_were_taken_are_pending_again(gdb, target):
    rewind(gdb, target, "queue", "old")


def test_signals_that_became_pending_are_gone(gdb, target):
    rewind(gdb, target, "queue", "new")


def test_what_was_read_from_a_signalfd_is_there_again(gdb, target):
    rewind(gdb, target, "queue", "file")


def test_a_thread_in_sigsuspend_waits_again_with_its_masks(gdb, target):
    rewind(gdb, target, "suspend")


def test_pending_signals_alone_are_no_difference(gdb, target):
    # GIVEN a snapshot of a program with hundreds of pending signals
    gdb.run(target("queue"), until="saved", arguments="old")
    gdb("snapshot save")

    # WHEN it is restored at once
    plan = gdb("snapshot restore -dry-run").splitlines()
    gdb("snapshot restore")

    # THEN there was nothing to do but the landing
    assert plan[0] == "write memory that differs"
    assert all(line.startswith("land thread ") for line in plan[1:])
    assert gdb.finish_program() == 0


def test_a_sigcont_that_was_taken_is_pending_again(gdb, target):
    # GIVEN a SIGCONT that somebody sends to a stopped program, which blocks it
    gdb.run(target("jobs"), until="saved")
    gdb("handle SIGCONT nostop noprint pass")
    gdb(f"shell kill -CONT {gdb.inferior}")
    gdb("snapshot save")

    # WHEN the program has taken it, and is rewound
    gdb.go(until="changed")
    assert gdb.value("found") == 1
    gdb("snapshot restore")
    assert gdb.value("found") == 0

    # THEN it takes it again
    gdb.go(until="changed")
    assert gdb.value("found") == 1
    assert gdb.finish_program() == 0


def test_a_sigcont_that_came_later_is_gone(gdb, target):
    # GIVEN a snapshot without one
    gdb.run(target("jobs"), until="saved")
    gdb("handle SIGCONT nostop noprint pass")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN one comes, and the program is rewound
    gdb(f"shell kill -CONT {gdb.inferior}")
    gdb("snapshot restore")

    # THEN the program never gets it
    assert gdb.finish_program() == 0
    assert "found 0" in gdb.program_says()


def test_a_sigstop_that_was_pending_stops_the_program_again(gdb, target):
    # GIVEN a SIGSTOP that somebody sends to a stopped program
    gdb.run(target("jobs"), until="saved")
    gdb("handle SIGSTOP stop print nopass")
    gdb(f"shell kill -STOP {gdb.inferior}")
    gdb("snapshot save")
    assert "SIGSTOP" in gdb("continue")
    gdb.go(until="changed")

    # WHEN it is rewound, twice
    for _ in range(2):
        gdb("snapshot restore")

        # THEN it gets it again, once
        assert "SIGSTOP" in gdb("continue")
        gdb.go(until="changed")
    assert gdb.finish_program() == 0


def test_a_sigstop_that_came_later_is_gone(gdb, target):
    # GIVEN a snapshot without one
    gdb.run(target("jobs"), until="saved")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN one comes, and the program is rewound
    gdb(f"shell kill -STOP {gdb.inferior}")
    gdb("snapshot restore")

    # THEN the program is not stopped by it
    gdb.go(until="changed")
    assert gdb.finish_program() == 0


@pytest.mark.slow
def test_the_debuggers_own_sigstops_are_not_the_programs(gdb, target):
    # GIVEN threads that stop at a breakpoint all at once
    gdb.load(target("crowd"))
    gdb("break meet")
    gdb.start()

    # WHEN GDB saves and restores with its own stop signals on their way
    for _ in range(8):
        gdb("snapshot save")
        assert "SIGSTOP" not in gdb("snapshot restore -dry-run")
        for _ in range(5):
            assert "hit Breakpoint" in gdb("continue")
        assert "SIGSTOP" not in gdb("snapshot restore -dry-run")
        gdb("snapshot restore")
        assert "hit Breakpoint" in gdb("continue")

    # THEN the program never sees one, and nothing hangs
    assert gdb.finish_program() == 0
