# SPDX-License-Identifier: GPL-3.0-or-later
"""Before GDB's next prompt, and before its end."""

import atexit
import contextlib
from typing import Callable, Iterator, Optional

import gdb

from ..meter import Meter
from . import screen


class _Watch:
    """Who is asked before each prompt, and at the end."""

    def __init__(self, tell: Callable[[], bool], leave: Callable[[], None]) -> None:
        self._tell = tell
        self._leave = leave
        gdb.events.before_prompt.connect(self._before_prompt)
        # GDB 12 and later; there Ctrl-C is still heard.
        self._exiting = getattr(gdb.events, "gdb_exiting", None)
        if self._exiting is not None:
            self._exiting.connect(self._before_end)
        else:
            atexit.register(self._before_end)

    def _before_prompt(self) -> None:
        if not self._tell():
            self._end()

    def _before_end(self, event: object = None) -> None:
        self._leave()

    def _end(self) -> None:
        gdb.events.before_prompt.disconnect(self._before_prompt)
        if self._exiting is not None:
            self._exiting.disconnect(self._before_end)
        else:
            atexit.unregister(self._before_end)
        _watches.clear()


_watches: list[_Watch] = []
"""At most one."""


def watch(tell: Callable[[], bool], leave: Callable[[], None]) -> None:
    """
    Call one function before each prompt, as long as it returns true, and another before
    GDB ends until then.  All callers mean the same.
    """
    if not _watches:
        _watches.append(_Watch(tell, leave))


def say(text: str) -> None:
    gdb.write(text)
    gdb.flush()


def complain(text: str) -> None:
    gdb.write(text, gdb.STDERR)


@contextlib.contextmanager
def progress() -> Iterator[Optional[Meter]]:
    """A meter, where somebody looks on."""
    with screen.progress(True) as meter:
        yield meter
