"""snapshot list, info snapshots"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command

if TYPE_CHECKING:
    import argparse


class List(Command):
    """List the snapshots, the oldest first.

    Usage: snapshot list

    An asterisk marks the snapshot that a process was last saved as or put back to.
    Snapshots share the pages that did not change between them: Alone is what would be
    free without this one.
    """

    name = "snapshot list"

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, verbs
        from ..target import screen

        return render.listing(verbs.store, screen.page(from_tty))


class InfoSnapshots(List):
    """List the snapshots, the oldest first.

    Usage: info snapshots

    An asterisk marks the snapshot that a process was last saved as or put back to.
    Snapshots share the pages that did not change between them: Alone is what would be
    free without this one.
    """

    name = "info snapshots"
    category = gdb.COMMAND_STATUS
