# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands, a file each."""

from __future__ import annotations

from .base import Command
from .check import Check
from .cpu import Cpu
from .delete import Delete
from .diff import Diff
from .export import Export
from .fail_at import FailAt
from .import_ import Import
from .list import InfoSnapshots, List
from .name import Name, Note
from .past import Examine, Print
from .prefix import MaintenancePrefix, Prefix, PrefixCommand
from .restore import Restore
from .save import Save
from .show import Show
from .status import Status
from .undo import Redo, Undo
from .when import LastWrite, When

PREFIXES: tuple[type[PrefixCommand], ...] = (Prefix, MaintenancePrefix)
COMMANDS: tuple[type[Command], ...] = (
    Save,
    Restore,
    Undo,
    Redo,
    When,
    LastWrite,
    List,
    InfoSnapshots,
    Show,
    Print,
    Examine,
    Diff,
    Export,
    Import,
    Delete,
    Name,
    Note,
    Check,
    Cpu,
    FailAt,
    Status,
)


def register() -> dict[str, Command]:
    """Make the commands known to GDB; returns them by their names."""
    for prefix in PREFIXES:
        prefix()
    commands = [command() for command in COMMANDS]
    return {command.name: command for command in commands}
