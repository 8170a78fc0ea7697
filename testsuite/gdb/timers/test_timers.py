# SPDX-License-Identifier: GPL-3.0-or-later
"""Timers are back with what was left to them; each program looks itself."""

from marks import needs_timer_numbers
from rewinding import rewind


def test_an_alarm_that_was_called_off_is_set_again(gdb, target):
    rewind(gdb, target, "interval", "alarm")


def test_interval_timers_that_were_set_since_are_off(gdb, target):
    rewind(gdb, target, "interval", "none")


def test_a_virtual_timer_that_has_expired_expires_again(gdb, target):
    rewind(gdb, target, "interval", "virtual")


def test_a_profiling_timer_goes_on_with_its_interval(gdb, target):
    rewind(gdb, target, "interval", "prof")


def test_a_timer_that_expires_while_stopped_expires_once_again(gdb, target):
    rewind(gdb, target, "interval", "real")


@needs_timer_numbers
def test_a_deleted_timer_is_made_again_with_its_number(gdb, target):
    rewind(gdb, target, "posix", "deleted")


def test_timers_that_were_made_since_are_gone(gdb, target):
    rewind(gdb, target, "posix", "new")


def test_timers_are_set_as_they_were(gdb, target):
    rewind(gdb, target, "posix", "set")


def test_a_timer_of_a_threads_time_signals_that_thread(gdb, target):
    rewind(gdb, target, "posix", "thread")


def test_the_signal_of_a_timer_waits_again(gdb, target):
    rewind(gdb, target, "posix", "waiting")


def test_the_signal_of_a_timer_that_came_later_is_gone(gdb, target):
    rewind(gdb, target, "posix", "late")


@needs_timer_numbers
def test_timers_of_every_clock_are_made_again(gdb, target):
    rewind(gdb, target, "posix", "clocks")


@needs_timer_numbers
def test_a_timer_that_calls_a_function_is_made_again(gdb, target):
    rewind(gdb, target, "notify")


@needs_timer_numbers
def test_a_timer_of_an_unknown_threads_time_is_refused(gdb, target):
    # GIVEN one of two threads has made a timer of its own time, which is deleted since
    gdb.load(target("posix"))
    gdb("handle all nostop noprint pass")
    gdb.begin("saved", arguments="refused")
    gdb("snapshot save")
    gdb.go(until="changed")
    fired = gdb.value("fired")

    # WHEN the program is to be rewound
    complaint = gdb.refuses("snapshot restore")

    # THEN that is refused with its reason, and the program goes on
    assert "POSIX timer 0 was deleted since the snapshot" in complaint
    assert "which thread's time" in complaint
    assert gdb.value("fired") == fired == 1
    assert gdb.finish_program() == 0


def test_timers_that_stand_still_need_no_step(gdb, target):
    # GIVEN a program whose timers run by processor time, or not at all
    gdb.load(target("interval"))
    gdb.begin("saved", arguments="virtual")
    gdb("snapshot save")

    # WHEN it is restored at once
    # THEN there is nothing to do afterwards but the landing: if no tick fell into the
    # calls that a restore makes in the program, which counts as its processor time
    for _ in range(5):
        gdb("snapshot restore")
        plan = gdb("snapshot restore -dry-run").splitlines()
        if plan[0] == "write memory that differs":
            break
    assert plan[0] == "write memory that differs"
    assert gdb.finish_program() == 0
