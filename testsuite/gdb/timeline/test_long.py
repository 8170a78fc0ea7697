# SPDX-License-Identifier: GPL-3.0-or-later
"""A long way back, and forward again.

SNAPSHOT_TEST_STEPS=1000 SNAPSHOT_TEST_MIB=200 is the size that is promised; what a
`next` costs with and without snapshots is printed (-s) and is no test.
"""

import os

from evidence import digest

STEPS = int(os.environ.get("SNAPSHOT_TEST_STEPS", "60"))
MIB = int(os.environ.get("SNAPSHOT_TEST_MIB", "16"))

STEP = """python
import time
def steps(count):
    begin = time.monotonic()
    for _ in range(count):
        gdb.execute("next", to_string=True)
    return 1000 * (time.monotonic() - begin) / count
end"""


def test_as_many_steps_as_one_likes_are_undone_and_redone(gdb, target):
    # GIVEN so many steps of a program with threads that run, each of them kept
    gdb.run(target("load"), until="walk", arguments=str(MIB))
    gdb(STEP)
    plain = gdb.python("steps(30)")
    gdb("set snapshot auto on")
    first = digest(gdb)
    kept = gdb.python(f"steps({STEPS})", 60 + STEPS)
    last = digest(gdb)
    print(f"{STEPS} steps, {MIB} MiB: {plain:.2f} ms, with snapshots {kept:.2f} ms")

    # WHEN all of them are undone, and redone
    gdb(f"snapshot undo {STEPS}")
    assert digest(gdb) == first
    gdb(f"snapshot redo {STEPS}")

    # THEN the process is exactly there, at any of them, and all comes true
    assert digest(gdb) == last
    gdb(f"snapshot undo {STEPS // 3}")
    middle = digest(gdb)
    gdb(f"snapshot undo {STEPS // 3}")
    assert digest(gdb) != middle
    gdb(f"snapshot redo {STEPS // 3}")
    assert digest(gdb) == middle
    gdb(f"snapshot redo {STEPS // 3}")
    assert digest(gdb) == last
    gdb("set snapshot auto off")
    gdb("tbreak check")
    gdb("set var is_enough = 1")
    gdb("continue")
    assert gdb.finish_program() == 0
