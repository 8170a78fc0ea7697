# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a long piece of work has come, on a terminal."""

import time
from typing import Callable

from .render import size

_PATIENCE = 2.0
"""Seconds; shorter work says nothing."""
_PAUSE = 0.1
"""Seconds between two updates."""


class Meter:
    """A progress callback that writes one line over itself."""

    def __init__(
        self,
        write: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._clock = clock
        self._start = clock()
        self._next = self._start + _PATIENCE
        self._width = 0

    def __call__(self, phase: str, done: int, total: int) -> bool:
        now = self._clock()
        if now >= self._next:
            self._next = now + _PAUSE
            # Some work does not know beforehand how much there is.
            how_far = f"{100 * done // total}%" if total else size(done)
            self._show(f"{phase}… {how_far}")
        return True

    def clear(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def _show(self, text: str) -> None:
        self._write("\r" + text.ljust(self._width))
        self._width = len(text)
