# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot delete"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, snapshot_names

if TYPE_CHECKING:
    import argparse
    from typing import Optional

    from _snapshot import Progress

    from ..arguments import Parser
    from ..store import Entry


class Delete(Command):
    """Forget snapshots.

    Usage: snapshot delete NAME... | -all

    NAME is a snapshot of this session; images that were written of it stay.  What it
    alone holds is free then; what it shares with others stays with them.

    -all forgets all snapshots of this session.
    """

    name = "snapshot delete"
    completers = {"snapshots": snapshot_names}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshots", metavar="NAME", nargs="*")
        parser.add_argument("-all", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core, render
        from ..target import screen

        before = core.store_size()
        with screen.progress(from_tty) as progress:
            names = [entry.name for entry in delete(args, progress)]
        return render.deleted(names, before - core.store_size())


def delete(
    args: argparse.Namespace, progress: Optional[Progress] = None
) -> list[Entry]:
    """What the words say."""
    from .. import verbs
    from ..problem import Problem

    if args.all == bool(args.snapshots):
        raise Problem(
            "'snapshot delete' needs the names of snapshots, or -all and no names",
            "See 'snapshot list' for those there are",
        )
    if args.all:
        return verbs.delete_all(progress)
    return verbs.delete(*args.snapshots, progress=progress)
