# SPDX-License-Identifier: GPL-3.0-or-later
"""GDB's table of breakpoints, read."""

from gdbsnapshot.target import breakpoints

TABLE = """\
Num     Type                          Disp Enb Address            What
1       breakpoint                    keep y   <MULTIPLE>
\tstop only if 0x5555555551234567 == x
\tbreakpoint already hit 1 time
\tdisable after next 3 hits
1.1                                        y   0x000055555555520b in a at 1.c:8 inf 1
1.2                                        y   0x000055555555530b in b at 1.c:9 inf 1
        silent
2       hw watchpoint                 keep y                      count
3       catchpoint                    keep y                      SIGUSR1
4       breakpoint                    del  n   0x0000555555555212 in mid at p.c:9 inf 1
4.1                                        y   0x0000555555555212 in mid at p.c:9 inf 1
5       STT_GNU_IFUNC resolver        keep y   <PENDING>          cos
0       STT_GNU_IFUNC resolver return keep y   0x00007ffff6d1df50  inf 1 thread 1
\tstop only in thread 1
\tstop only in stack frame at 0x00007fffffffded0
-8      shlib events                  keep y   0x00007ffff7fcc060 <_dl_debug> inf 1
-8.1                                       y   0x00007ffff7fcc060 <_dl_debug> inf 1
"""


def table():
    return {row.number: row for row in breakpoints.parse(TABLE)}


def test_every_breakpoint_is_found_and_gdbs_own():
    assert list(table()) == [1, 2, 3, 4, 5, 0, -8]


def test_a_breakpoint_has_the_addresses_of_all_its_locations_and_no_others():
    rows = table()
    assert rows[1].addresses == {0x55555555520B, 0x55555555530B}
    assert rows[4].addresses == {0x555555555212}
    assert rows[5].addresses == set()
    assert rows[0].addresses == {0x7FFFF6D1DF50}
    assert rows[-8].addresses == {0x7FFFF7FCC060}


def test_the_kinds_have_their_words():
    rows = table()
    assert rows[2].kind == "hw watchpoint"
    assert (rows[3].kind, rows[3].what) == ("catchpoint", "SIGUSR1")


def test_the_count_until_it_is_disabled_is_kept():
    rows = table()
    assert rows[1].enable_count == 3
    assert rows[4].enable_count == 0


def test_bytes_side_by_side_are_one_patch_of_sixteen_at_most():
    # GIVEN the bytes under two breakpoints, one next to the other, and a long stretch
    originals = {0x10: 0xAA, 0x11: 0xBB, 0x20: 0xCC}
    originals.update({0x100 + offset: offset for offset in range(20)})

    # THEN the core gets pieces that it takes
    assert breakpoints._pieces(originals) == [
        (0x10, b"\xaa\xbb"),
        (0x20, b"\xcc"),
        (0x100, bytes(range(16))),
        (0x110, bytes(range(16, 20))),
    ]
