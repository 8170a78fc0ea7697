# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's terminal, through GDB."""

import contextlib
import os
from typing import Iterator, Optional

import gdb

from ..meter import Meter
from ..render import Page, plain

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def page(from_tty: bool) -> Page:
    """How wide the user wants text, and how colourful."""
    width = gdb.parameter("width") or None
    is_styled = from_tty and _is_terminal() and gdb.parameter("style enabled")
    return Page(width, _styled if is_styled else plain)


def _is_terminal() -> bool:
    # GDB puts an object of its own at sys.stdout, which cannot be asked.
    return os.isatty(1) and os.environ.get("TERM", "dumb") != "dumb"


def _styled(kind: str, text: str) -> str:
    codes = []
    try:
        intensity = gdb.parameter(f"style {kind} intensity")
        colour = str(gdb.parameter(f"style {kind} foreground"))
    except RuntimeError:
        return text
    if intensity in ("bold", "dim"):
        codes.append("1" if intensity == "bold" else "2")
    if colour in _COLOURS:
        codes.append(f"3{_COLOURS.index(colour)}")
    return f"\033[{';'.join(codes)}m{text}\033[m" if codes else text


def is_background(is_asked: bool, from_tty: bool) -> Optional[bool]:
    """
    Whether a command goes on in the background; None: if it takes its time.  A script
    reads a file right behind the command that writes it: only a person goes on.
    """
    if is_asked:
        return True
    return None if from_tty and os.isatty(0) and _is_terminal() else False


@contextlib.contextmanager
def progress(from_tty: bool) -> Iterator[Optional[Meter]]:
    """A meter on a terminal; None elsewhere."""
    if not (from_tty and _is_terminal()):
        yield None
        return
    meter = Meter(_write_now)
    try:
        yield meter
    finally:
        meter.clear()


def write(text: str) -> None:
    gdb.write(text)


def complain(sentence: str) -> None:
    """Say what went wrong and stopped nothing."""
    gdb.write(f"{sentence}\n", gdb.STDERR)


def _write_now(text: str) -> None:
    gdb.write(text)
    gdb.flush()
