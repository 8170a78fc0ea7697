# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks that stories of several groups have."""

import ctypes
import mmap
import os

import pytest
from cpus import CPU
from gdbdriver import Gdb
from sessions import WRAP

MADV_GUARD_INSTALL = 102
PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET = 77, 2
LIBC = ctypes.CDLL(None, use_errno=True)


def _kernel_has_guards():
    with mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as page:
        address = ctypes.addressof(ctypes.c_char.from_buffer(page))
        answer = LIBC.madvise(
            ctypes.c_void_p(address), mmap.PAGESIZE, MADV_GUARD_INSTALL
        )
        # The object above would keep it from being closed.
        LIBC.madvise(ctypes.c_void_p(address), mmap.PAGESIZE, 103)
    return answer == 0


def kernel():
    """The first two numbers of its release."""
    return tuple(int(word) for word in os.uname().release.split(".")[:2])


as_root = pytest.mark.skipif(
    os.geteuid() != 0 or "setpriv" in WRAP,
    reason="only root may choose the number of a thread",
)
"""For stories where threads that have ended come back."""

in_turns = pytest.mark.xdist_group("threads")
"""For stories that use up numbers of threads: one after the other."""

needs_guards = pytest.mark.skipif(
    not _kernel_has_guards(), reason="MADV_GUARD_INSTALL: Linux 6.13"
)

needs_registrations = pytest.mark.skipif(
    kernel() < (6, 3), reason="MEMBARRIER_CMD_GET_REGISTRATIONS: Linux 6.3"
)
"""For stories of what a process has registered for."""

needs_semaphores = pytest.mark.skipif(
    kernel() < (6, 5), reason="a semaphore is told from a counter since Linux 6.5"
)
"""For stories where an eventfd is made again."""

needs_watchpoints = pytest.mark.skipif(
    not CPU.has_watchpoints, reason="no watchpoint of this CPU notices a write"
)

needs_timer_numbers = pytest.mark.skipif(
    LIBC.prctl(PR_TIMER_CREATE_RESTORE_IDS, PR_TIMER_CREATE_RESTORE_IDS_GET, 0, 0, 0)
    < 0,
    reason="numbers of POSIX timers: Linux 6.15",
)
"""For stories where timers that were deleted come back into the same process."""


def watch(gdb: Gdb, expression: str) -> int:
    """Watch what is in memory, by hardware; the number of the watchpoint."""
    if not CPU.has_watchpoints:
        pytest.skip("no watchpoint of this CPU notices a write")
    said = gdb(f"watch {expression}")
    assert "Hardware watchpoint" in said
    return gdb.number
