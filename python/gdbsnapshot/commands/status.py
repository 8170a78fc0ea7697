# SPDX-License-Identifier: GPL-3.0-or-later
"""maintenance snapshot status"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command

if TYPE_CHECKING:
    import argparse


class Status(Command):
    """Show how the snapshots are working.

    Usage: maintenance snapshot status

    How the changed pages of the selected process are found, and why not in a better
    way; what all snapshots take together; what the last restore has done.
    """

    name = "maintenance snapshot status"
    category = gdb.COMMAND_MAINTENANCE

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core, keeping, render_status, verbs

        pid = gdb.selected_inferior().pid
        return render_status.status(
            pid,
            core.tracking(pid),
            len(keeping.store),
            core.store_usage(),
            core.call_count(),
            verbs.last_report,
        )
