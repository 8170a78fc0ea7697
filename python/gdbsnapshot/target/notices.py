# SPDX-License-Identifier: GPL-3.0-or-later
"""What GDB itself is told of snapshots: $_snapshot, and front-ends over MI."""

from __future__ import annotations

import functools
import sys

import gdb

from .. import events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Entry


class Age(gdb.Function):
    """$_snapshot_age () - how many resumptions ago the process was last saved.

    Usage: $_snapshot_age ()

    It is 0 where the process was last saved as $_snapshot or put back to it, and counts
    what you let it run since: 'step', 'continue' and so on.  -1: it was never saved."""

    def __init__(self) -> None:
        lines = (type(self).__doc__ or "").splitlines()
        self.__doc__ = "\n".join(line.removeprefix("    ") for line in lines)
        super().__init__("_snapshot_age")

    def invoke(self) -> int:
        keeping = sys.modules.get("gdbsnapshot.keeping")
        if keeping is None:
            return -1
        present = keeping.store.timeline.present(gdb.selected_inferior().pid)
        return int(present.resumptions) if present else -1


def _tell(event: str, entry: Entry) -> None:
    _set_variable(entry.pid)
    # GDB 14 and later tell front-ends; the terminal hears nothing.
    if hasattr(gdb, "notify_mi"):
        gdb.notify_mi(f"snapshot-{event}", {"name": entry.name, "pid": str(entry.pid)})


def _set_variable(pid: int) -> None:
    from .. import keeping

    current = keeping.store.current(gdb.selected_inferior().pid or pid)
    gdb.set_convenience_variable("_snapshot", current.name if current else None)


def register() -> None:
    Age()
    for registry in (events.saved, events.restored, events.renamed, events.deleted):
        registry.connect(functools.partial(_tell, registry.name))
