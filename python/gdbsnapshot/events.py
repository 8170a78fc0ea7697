# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooks for scripts: functions that are called when something happened to a snapshot.

    import gdbsnapshot.events
    gdbsnapshot.events.saved.connect(lambda entry: print(entry.name, entry.reason))

Each is called in GDB's main thread with the gdbsnapshot.Entry, when all is done.  What
goes wrong in it is said, and stops nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from .store import Entry

    Handler = Callable[[Entry], object]


class Registry:
    """Who wants to be told of one kind of event."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._handlers: list[Handler] = []

    def connect(self, handler: Handler) -> None:
        """Call a function from now on, once for each time that it was connected."""
        self._handlers.append(handler)

    def disconnect(self, handler: Handler) -> None:
        """Call it no more; ValueError if it is not connected."""
        self._handlers.remove(handler)

    def emit(self, entry: Entry) -> None:
        for handler in list(self._handlers):
            try:
                handler(entry)
            except Exception as error:  # whatever a stranger's script raises
                from .target import screen

                screen.complain(
                    f"A handler of gdbsnapshot.events.{self.name} raised"
                    f" {type(error).__name__}: {error}"
                )


saved = Registry("saved")
"""A snapshot was taken, by the user or at a stop (Entry.is_automatic)."""
restored = Registry("restored")
"""The process was put back to a snapshot, and GDB shows it."""
renamed = Registry("renamed")
"""A snapshot has a new name, or another note."""
deleted = Registry("deleted")
"""A snapshot is forgotten, because the user wants so or to make room."""
