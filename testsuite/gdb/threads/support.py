# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories of threads share."""

import re
from pathlib import Path


def tids(gdb):
    """The threads that there are, to the kernel."""
    return {int(task.name) for task in Path(f"/proc/{gdb.inferior}/task").iterdir()}


def check_list(gdb, count=None):
    """GDB's thread list is that of the kernel, and one of them is selected."""
    text = gdb("info threads")
    shown = {int(tid) for tid in re.findall(r"\(LWP (\d+)\)", text)}
    assert shown == tids(gdb), text
    assert count is None or len(shown) == count, text
    assert "exited" not in text and "running" not in text, text
    assert len(re.findall(r"^\* ", text, re.M)) == 1, text
    assert gdb.python("gdb.selected_thread().is_valid()")
    return text
