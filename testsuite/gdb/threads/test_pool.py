# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance of threads: a pool of them, rewound again and again."""

import random

import pytest
from marks import as_root, in_turns
from support import check_list, tids

REWINDS = 100
SEED = 20240521


@as_root
@pytest.mark.slow
@in_turns
def test_a_pool_rewound_at_a_hundred_stops_has_the_right_answer(gdb, target):
    # GIVEN a pool of 32 workers that come and go, stopped in one of them
    chance = random.Random(SEED)
    gdb.run(target("pool"), until="add_digits", hits=40)
    gdb("break add_digits")
    gdb("snapshot save")
    ended = started = 0

    def go_on():
        gdb(f"ignore {gdb.number} {chance.randrange(60)}")
        assert "Breakpoint" in gdb("continue")

    # WHEN it is rewound at a hundred stops, all over its work
    for rewind in range(REWINDS):
        saved = tids(gdb)
        go_on()
        ended += len(saved - tids(gdb))
        started += len(tids(gdb) - saved)
        gdb("snapshot restore")

        # THEN it has the threads that it had, also to GDB
        assert tids(gdb) == saved
        check_list(gdb)
        if rewind % 3 == 2:
            go_on()
            gdb("snapshot delete -all")
            gdb("snapshot save")

    # THEN many had come and gone, and its answer is right
    assert ended > REWINDS and started > REWINDS
    assert gdb.finish_program() == 0, gdb.program_says()
