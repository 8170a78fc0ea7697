# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot, maintenance snapshot"""

from __future__ import annotations

import gdb

from .base import help_text


class PrefixCommand(gdb.Command):
    name: str

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__(self.name, gdb.COMMAND_RUNNING, gdb.COMPLETE_NONE, True)

    def invoke(self, argument: str, from_tty: bool) -> None:
        self.dont_repeat()
        if argument:
            raise gdb.GdbError(
                f"There is no command '{self.name} {argument.split()[0]}'. See 'help"
                f" {self.name}'."
            )
        gdb.execute(f"help {self.name}")


class Prefix(PrefixCommand):
    """Save a stopped process, and rewind it in place.

    A snapshot holds all registers of all threads, the memory and the state of a
    process.  Restoring it puts the same process, under the same PID, back to where it
    was.  What the outside world has seen (written files, sent packets, printed text),
    other processes and the clocks go on.
    """

    name = "snapshot"


class MaintenancePrefix(PrefixCommand):
    """Commands for those who work on gdb-snapshot itself."""

    name = "maintenance snapshot"
