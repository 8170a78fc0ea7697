# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a thread has used vectors is not for a tracer to see: all are kept."""


def test_vectors_that_nobody_has_touched_are_zero_and_in_the_next_frame(gdb, target):
    # GIVEN a program that has never touched a vector register, so that the frames of
    # its signals do not have them
    gdb.load(target("untouched"))
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin("tick")
    gdb("snapshot save")

    # WHEN it is rewound from where all are full of ones
    gdb.go("tick")
    gdb("snapshot restore")

    # THEN it finds zeros, and them in the frame of the next signal
    gdb("set var is_rewound = 1")
    assert gdb.finish_program() == 0
