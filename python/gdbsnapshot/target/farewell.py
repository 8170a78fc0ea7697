# SPDX-License-Identifier: GPL-3.0-or-later
"""
What is left of us in a process goes when GDB leaves it.

GDB says "exited" of a process that has ended, was killed or was detached from, and does
so before it forgets whose it was (inferior.c, exit_inferior).
"""

import gdb

from .. import core

_watches: list[bool] = []


def watch() -> None:
    """From now on; once is enough."""
    if not _watches:
        gdb.events.exited.connect(_leave)
        _watches.append(True)


def _leave(event: gdb.ExitedEvent) -> None:
    core.let_go(event.inferior.pid)
