# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs that look themselves have in common."""


def rewind(gdb, target, program, arguments=""):
    """Save at one place, go to the other, restore, and again, to the end."""
    gdb.load(target(program))
    gdb("handle all nostop noprint pass")
    gdb.begin("saved", arguments=arguments)
    gdb("snapshot save")
    for _ in range(2):
        gdb.go(until="changed")
        gdb("snapshot restore")
    gdb.go(until="changed")
    assert gdb.finish_program() == 0
