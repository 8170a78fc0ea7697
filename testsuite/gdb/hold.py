# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold one thread of a GDB back: the next that it starts.

A story that is about what happens meanwhile needs no luck then.  It is done by ptrace,
which stops that thread alone: GDB and its inferior go on.
"""

import ctypes
import os
import signal
from typing import Optional

CONT, GETEVENTMSG, DETACH, SEIZE = 7, 0x4201, 17, 0x4206
O_TRACECLONE, EVENT_CLONE, WALL = 8, 3, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def _ptrace(request: int, tid: int, data: int = 0) -> None:
    if libc.ptrace(request, tid, None, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace", str(tid))


class Hold:
    """Holds the next thread back, from taken() on, until it is let go."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._tid: Optional[int] = None
        _ptrace(SEIZE, pid, O_TRACECLONE)

    def taken(self) -> None:
        """Wait until the thread is there, and held."""
        while True:
            _, status = os.waitpid(self._pid, WALL)
            if not os.WIFSTOPPED(status):
                raise AssertionError("GDB has ended")
            if status >> 8 == signal.SIGTRAP | EVENT_CLONE << 8:
                break
            _ptrace(CONT, self._pid, os.WSTOPSIG(status))
        tid = ctypes.c_ulong()
        _ptrace(GETEVENTMSG, self._pid, ctypes.addressof(tid))
        self._tid = tid.value
        os.waitpid(self._tid, WALL)
        _ptrace(DETACH, self._pid)

    def see_end(self) -> None:
        """The thread was killed: its process is not at its end before we know."""
        if self._tid is not None:
            os.waitpid(self._tid, WALL)
            self._tid = None

    def let_go(self) -> None:
        if self._tid is not None:
            _ptrace(DETACH, self._tid)
            self._tid = None
