# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot name, snapshot note"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, snapshot_names

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Name(Command):
    """Give a snapshot a name, or another one.

    Usage: snapshot name SNAPSHOT NAME

    SNAPSHOT is a snapshot of this session: the number of one that was taken at a stop,
    or the name that it has.
    NAME is what it is called from now on; a snapshot with a name of yours stays when
    'set snapshot limit' makes others go.
    """

    name = "snapshot name"
    completers = {"snapshot": snapshot_names}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT")
        parser.add_argument("name", metavar="NAME")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import travel

        entry = travel.rename(args.snapshot, args.name)
        return f"Snapshot {args.snapshot} is called {entry.name} now.\n"


class Note(Command):
    """Keep a note with a snapshot, for you.

    Usage: snapshot note SNAPSHOT [TEXT...]

    SNAPSHOT is a snapshot of this session, by its name or number.
    TEXT replaces the note that it has; without TEXT, the note is taken away.
    """

    name = "snapshot note"
    completers = {"snapshot": snapshot_names}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="SNAPSHOT")
        parser.add_argument("text", metavar="TEXT", nargs="*")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import travel

        travel.annotate(args.snapshot, " ".join(args.text))
        return ""
