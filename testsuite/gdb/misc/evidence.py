# SPDX-License-Identifier: GPL-3.0-or-later
"""What a story compares to say that nothing has changed."""

DIGEST = "__import__('_snapshot').digest(gdb.selected_inferior().pid)"


def digest(gdb):
    """All that the process is, by what it covers."""
    return gdb.python(DIGEST, timeout=300)


def failing_calls(gdb, command):
    """Each call of a command into the kernel fails in turn; the complaints."""
    number = 1
    while True:
        gdb(f"maintenance snapshot fail-at {number}")
        out, err = gdb.ask(command)
        gdb("maintenance snapshot fail-at 0")
        if not err.strip():
            return
        yield number, err
        number += 1
