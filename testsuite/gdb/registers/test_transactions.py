# SPDX-License-Identifier: GPL-3.0-or-later
"""POWER: a thread inside of a transaction comes back, and fails as it would have."""

import platform

import pytest
from gdbdriver import set_in_every_thread
from rounds import (
    ends_well,
    every_register_reads_back,
    nothing_is_lost,
    skip_where_it_cannot,
    start,
)

pytestmark = pytest.mark.skipif(
    platform.machine() != "ppc64le", reason="transactions are POWER's"
)


@pytest.fixture
def program(target):
    """Four threads that are inside of transactions every other time."""
    reason = "HWCAP2 has no HTM: CPU or kernel are without transactions"
    return skip_where_it_cannot(target("transactions"), reason)


@pytest.fixture
def running(gdb, program):
    """They are at work, two of them inside of transactions, stopped at a tick."""
    start(gdb, program)
    return gdb


def scramble(gdb, cycle):
    """Overwrite registers in every thread, as a user can."""
    values = {f"r{n}": cycle for n in range(14 + cycle % 3, 32, 3)}
    values |= {f"vs{n}.uint128": cycle for n in range(cycle % 7, 64, 7)}
    set_in_every_thread(gdb, values | {"tar": cycle, "ctr": cycle, "vrsave": cycle})


def test_no_transaction_is_lost_in_many_cycles(running):
    # A thread that was saved in one is rewound from inside and from outside of one.
    nothing_is_lost(running, scramble, most_ticks=4)
    assert ", 0 committed" in running.program_says()


def test_every_register_reads_back_as_it_was(running):
    seen = every_register_reads_back(running)
    assert sum("ctar" in thread["registers"] for thread in seen.values()) > 0


def test_a_thread_that_has_never_begun_one_is_rewound_from_inside(gdb, program):
    # GIVEN a save in the first round, where half of the threads are in none, and the
    # registers of transactions say of none that it has failed
    start(gdb, program, hits=1)
    gdb("snapshot save")

    # WHEN they are inside of one, and are rewound
    gdb("continue")
    gdb("snapshot restore")

    # THEN the threads are where they were, and go on
    assert gdb.value("released") == 0
    assert "Breakpoint" in gdb("continue")
    ends_well(gdb)


def test_a_transaction_that_is_not_suspended_is_refused(running):
    # GIVEN a thread that is stopped where its transaction is not suspended yet
    gdb = running
    gdb("delete")
    gdb("break *(transact_failed + 4)")
    gdb("continue")
    gdb("delete")

    # WHEN it is to be saved
    said = gdb.refuses("snapshot save")

    # THEN the way out is said, which leads to the handler
    assert "is inside of a transaction that its stop has failed" in said
    assert 'Type "stepi" in that thread' in said
    gdb("stepi")
    gdb("snapshot save")
    gdb("snapshot restore")
    ends_well(gdb)


@pytest.mark.parametrize("image", ["image", "exported.core"])
def test_transactions_go_with_an_image(running, sessions, folder, image):
    # GIVEN an image of threads inside of transactions
    gdb = running
    gdb("snapshot save here -file image")
    gdb("snapshot export here exported.core")
    assert gdb("snapshot check image") == "Identical\n"
    assert gdb("snapshot check exported.core") == "Identical\n"
    gdb("kill")
    gdb.close()

    # WHEN it is brought to life
    gdb = sessions.gdb()
    gdb(f"snapshot restore {image}")

    # THEN each transaction fails with what it began with
    ends_well(gdb)
