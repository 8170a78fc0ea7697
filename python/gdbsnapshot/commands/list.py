# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot list, info snapshots"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command

if TYPE_CHECKING:
    import argparse


class List(Command):
    """List the snapshots, the oldest first, as a tree.

    Usage: snapshot list

    An asterisk marks the snapshot that a process was last saved as or put back to.
    Those that are only numbers were taken at a stop ('set snapshot auto on').  Where
    says where it stopped, with the thread if there are more than one, and Why, why.
    Changed is the memory that was new in it.  Snapshots share the pages that did not
    change between them: Alone is what would be free without this one.

    When a process was put back and has run on otherwise, what it did before is a
    branch: a bar before a name stands for each younger branch that goes past it.
    """

    name = "snapshot list"

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import keeping, render
        from ..target import screen

        return render.listing(keeping.store, screen.page(from_tty))


class InfoSnapshots(List):
    """List the snapshots, the oldest first, as a tree.

    Usage: info snapshots

    An asterisk marks the snapshot that a process was last saved as or put back to.
    Those that are only numbers were taken at a stop ('set snapshot auto on').  Where
    says where it stopped, with the thread if there are more than one, and Why, why.
    Changed is the memory that was new in it.  Snapshots share the pages that did not
    change between them: Alone is what would be free without this one.

    When a process was put back and has run on otherwise, what it did before is a
    branch: a bar before a name stands for each younger branch that goes past it.
    """

    name = "info snapshots"
    category = gdb.COMMAND_STATUS
