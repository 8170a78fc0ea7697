# SPDX-License-Identifier: GPL-3.0-or-later
"""A save does not wake anybody up."""

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("saves", [0, 1, 3])
def test_a_sleeping_thread_sleeps_its_full_time(gdb, target, saves):
    # GIVEN a thread in the middle of nanosleep(3 s)
    gdb.run(target("sleeper"), until="halfway")

    # WHEN the program is saved meanwhile
    for _ in range(saves):
        gdb("snapshot save")

    # THEN the thread sleeps on to the end of its time: the program measures it
    assert gdb.finish_program() == 0
    assert "nanosleep: 0 after 3" in gdb.program_says()
