# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot undo, snapshot redo"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command

if TYPE_CHECKING:
    import argparse
    from typing import Callable

    from _snapshot import Report

    from ..arguments import Parser
    from ..store import Entry


def count(parser: Parser) -> None:
    parser.add_argument("count", metavar="N", nargs="?", type=int, default=1)


def go(
    travel: Callable[..., object],
    line: Callable[[int, Entry, Report], str],
    count: int,
    from_tty: bool,
) -> str:
    from ..target import screen

    with screen.progress(from_tty) as progress:

        def announce(entry: Entry, report: Report) -> None:
            if progress is not None:
                progress.clear()
            screen.write(line(count, entry, report))

        travel(count, progress=progress, announce=announce)
    return ""


class Undo(Command):
    """Go back to where the process was before it was last resumed.

    Usage: snapshot undo [N]

    N says over how many resumptions, one if it is not given: each 'step', 'next',
    'continue', 'finish' and so on that you have typed is one, up to where it stopped.

    There must be a snapshot of that stop: 'set snapshot auto on' takes one at each.
    Where the process is now is kept: 'snapshot redo' goes there again.  If you let it
    run on instead, what was undone stays as a branch in 'snapshot list', and 'snapshot
    restore' goes there.  It is put back as 'snapshot restore' does; what the outside
    world has seen stays.
    """

    name = "snapshot undo"

    def arguments(self, parser: Parser) -> None:
        count(parser)

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, travel

        return go(travel.undo, render.undone, args.count, from_tty)


class Redo(Command):
    """Go forward again to where the process was before 'snapshot undo'.

    Usage: snapshot redo [N]

    N says over how many of the resumptions that were undone, one if it is not given.

    Nothing is executed again: the process is put to the snapshot that was taken there.
    When the process has run on after 'snapshot undo', there is nothing to redo; what
    was undone is a branch in 'snapshot list' then, and 'snapshot restore' goes there.
    """

    name = "snapshot redo"

    def arguments(self, parser: Parser) -> None:
        count(parser)

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, travel

        return go(travel.redo, render.redone, args.count, from_tty)
