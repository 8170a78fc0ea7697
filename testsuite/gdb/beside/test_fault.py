# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that is stopped by a signal it has not been given yet."""


def test_a_fault_is_delivered_again_to_its_handler(gdb, target):
    # GIVEN a program stopped by its SIGSEGV, saved there
    gdb.load(target("fault"))
    assert "SIGSEGV" in gdb.start("mend")
    siginfo = gdb("output $_siginfo")
    gdb("snapshot save")

    # WHEN its handler has mended the page, and the program is rewound
    gdb.go(until="after")
    assert gdb.value("handled") == 1
    gdb("snapshot restore")
    assert gdb.value("handled") == 0

    # THEN it faults for the same reason, and the handler is called with it again
    assert "si_signo = 11" in siginfo
    assert gdb("output $_siginfo") == siginfo
    gdb.go(until="after")
    assert gdb.value("handled") == 1
    assert gdb.finish_program() == 0


def test_a_fault_nobody_handles_ends_the_program_again(gdb, target):
    # GIVEN a program that is about to die of SIGSEGV
    gdb.run(target("fault"), until="touch", arguments="die")
    assert "SIGSEGV" in gdb("continue")
    gdb("snapshot save")

    # WHEN it is rewound to the moment of the fault
    gdb("set var *(int *)$sp = *(int *)$sp")
    gdb("snapshot restore")

    # THEN going on, it dies
    assert "terminated with signal SIGSEGV" in gdb("continue")


def test_a_program_is_rewound_from_its_fault_to_before_it(gdb, target):
    # GIVEN a snapshot before the fault
    gdb.run(target("fault"), until="touch", arguments="die")
    gdb("snapshot save before")
    assert "SIGSEGV" in gdb("continue")

    # WHEN it is rewound and the wrong pointer is replaced
    gdb("snapshot restore before")
    gdb("set var handled = 1")
    gdb("set var page = spare")
    gdb("set var where = spare + 0x123")
    gdb.go(until="after")

    # THEN the signal of the discarded future does not come
    assert gdb.finish_program() == 0
