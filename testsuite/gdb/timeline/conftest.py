# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories about undo and the past share."""

import pytest


@pytest.fixture
def walked(gdb, target):
    """A counter that was saved at its first five ticks, and is at the fifth."""
    gdb.load(target("counter"))
    gdb("set snapshot auto on")
    gdb("break tick")
    gdb.start()
    for _ in range(4):
        gdb("continue")
    return gdb
