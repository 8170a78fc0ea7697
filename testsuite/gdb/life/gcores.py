# SPDX-License-Identifier: GPL-3.0-or-later
"""Core files that GDB writes."""

import pytest


def write(gdb, name):
    """
    Have GDB write one of its process, and end that.

    Where XSAVE has 11,008 bytes (AMX), GDB 16.3 writes so many with SSE registers alone
    (doc/kernel-notes.md): what is in use and not there is a reason to refuse.
    """
    gdb(f"gcore {name}")
    gdb("kill")
    _, complaints = gdb.ask(f"snapshot restore {name} -force -dry-run")
    if "does not have component" in complaints:
        pytest.skip("this GDB leaves out vector registers of this CPU")
