# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that is not of 64 bits is refused."""


def test_a_32_bit_program(gdb, target):
    # GIVEN a 32-bit program
    gdb.run(target("old32"), until="tick", hits=2)

    # THEN it is refused, and goes on
    complaint = gdb.refuses("snapshot save")
    assert "32" in complaint and len(complaint) < 400
    assert gdb.finish_program() == 0
