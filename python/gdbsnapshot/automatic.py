# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done at each stop that a person sees: count it, and perhaps save it.

This is imported when GDB starts with 'set snapshot auto on': what is large is imported
at the first stop.
"""

from __future__ import annotations

from .target import stops


def begin() -> None:
    """Follow all processes from now on."""
    stops.watch(_stopped, _changed, _ended)


def mark(pid: int) -> None:
    """Save where a process is now, if that was not done."""
    from . import keeping

    present = keeping.store.timeline.present(pid)
    if present is None or not present.is_marked:
        stops.tell(lambda: keeping.take_automatic("auto on"))


def _stopped(pid: int, reason: str) -> None:
    from . import keeping, parameters

    keeping.store.timeline.resumed(pid)
    if parameters.auto():
        keeping.take_automatic(reason)


def _changed(pid: int) -> None:
    from . import keeping, parameters

    keeping.store.timeline.changed(pid)
    if parameters.auto() and keeping.store.timeline.present(pid):
        keeping.take_automatic("changed")


def _ended(pid: int) -> None:
    from . import keeping

    keeping.store.timeline.lose(pid)
