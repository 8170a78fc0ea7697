# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel was told about memory is told again, or taken back."""

import pytest
from marks import LIBC, kernel, needs_guards


def kernel_has_seals():
    # Of nothing; by its number, which is the same on all CPUs.
    return LIBC.syscall(462, 0, 0, 0) == 0


def cpu_has_keys():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        return " ospke" in file.read()


def test_advice_that_was_taken_back_is_given_again(rewind):
    rewind("advice", "advised")


def test_advice_that_was_given_since_is_taken_back(rewind):
    rewind("advice", "unadvised")


def test_a_mapping_made_again_has_its_advice(rewind):
    rewind("advice", "advised-gone")


def test_hints_about_huge_pages_disappear_without_a_trace(rewind):
    rewind("advice", "no-hint")


def test_hints_about_huge_pages_are_what_they_were(rewind):
    rewind("advice", "hinted")


def test_memory_is_locked_where_it_was(rewind):
    rewind("advice", "locked")


def test_new_memory_is_not_locked_any_more(rewind):
    rewind("advice", "lock-future")


@pytest.mark.skipif(kernel() < (6, 12), reason="6.1 has no letters for MLOCK_ONFAULT")
def test_new_memory_is_locked_again(rewind):
    rewind("advice", "future")


def test_pages_that_did_not_exist_do_not_exist(rewind):
    rewind("advice", "sparse")


@pytest.mark.parametrize("scene", ["lazy", "lazy-few"])
def test_memory_that_was_given_up_since_stays(rewind, scene):
    rewind("advice", scene)


@needs_guards
def test_guards_stand_where_they_stood(rewind):
    rewind("advice", "guarded")


@pytest.mark.skipif(not cpu_has_keys(), reason="this CPU has no protection keys")
def test_memory_has_the_key_that_it_had(rewind):
    rewind("advice", "keyed")


@pytest.mark.skipif(not kernel_has_seals(), reason="mseal(2): Linux 6.10")
def test_memory_that_was_sealed_since_is_refused(gdb, target):
    # GIVEN a snapshot of memory that is sealed since
    gdb.run(target("advice"), until="saved", arguments="sealed")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN it is to be rewound
    complaint = gdb.refuses("snapshot restore")

    # THEN the refusal says why, and the program goes its way
    assert "sealed" in complaint
    assert gdb.finish_program() == 0
