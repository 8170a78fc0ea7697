# SPDX-License-Identifier: GPL-3.0-or-later
"""A register that the kernel loads only where it takes it for the thread's own."""

from marks import as_root


@as_root
def test_a_thread_that_is_back_has_its_own_dscr(gdb, target):
    # GIVEN a save with a thread that has set its DSCR, which its starter never has
    gdb.run(target("dscr"), until="now")
    gdb("snapshot save")

    # WHEN it has ended, and the program is rewound
    gdb.go(until="then")
    gdb("snapshot restore")

    # THEN the thread finds its value, which it checks itself
    gdb.go(until="then")
    assert gdb.finish_program() == 0
