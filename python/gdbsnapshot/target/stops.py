# SPDX-License-Identifier: GPL-3.0-or-later
"""
Stops that a person sees, and what a person changes between them.

GDB tells of a stop before it executes the breakpoint's `commands`.  If these let the
program go on, nobody has seen the stop: what is done about it waits for the prompt, and
is forgotten if the program stops elsewhere before.
"""

import contextlib
from typing import Callable, Iterator, Optional

import gdb

from ..commands.base import guard
from . import breakpoints, screen

_RESUMING = frozenset(
    "advance c continue detach fg fin finish j jump kill n next nexti ni queue-signal r"
    " run s si signal start starti step stepi u until".split()
)


class _Watch:
    """What the events of GDB are given to; nothing, while we work ourselves."""

    def __init__(
        self,
        stopped: Callable[[int, str], None],
        changed: Callable[[int], None],
        ended: Callable[[int], None],
    ) -> None:
        self._stopped = stopped
        self._changed = changed
        self._ended = ended
        self._unseen: Optional[tuple[int, str]] = None
        self._has_changed = 0
        self.is_deaf = False
        self._complaint = ""
        gdb.events.stop.connect(self._stop)
        gdb.events.before_prompt.connect(self._prompt)
        gdb.events.memory_changed.connect(self._change)
        gdb.events.register_changed.connect(self._change)
        gdb.events.inferior_call.connect(self._change)
        gdb.events.exited.connect(self._exit)

    def _stop(self, event: gdb.StopEvent) -> None:
        if self.is_deaf:
            return
        self._has_changed = 0
        seen = (gdb.selected_inferior().pid, reason(event))
        if _goes_on(event):
            self._unseen = seen
            return
        self._unseen = None
        self._tell_of_stop(seen)

    def _change(self, event: object) -> None:
        if not self.is_deaf:
            self._has_changed = gdb.selected_inferior().pid

    def _exit(self, event: gdb.ExitedEvent) -> None:
        self._unseen = None
        self._ended(event.inferior.pid)

    def _prompt(self) -> None:
        if self.is_deaf or not (self._unseen or self._has_changed):
            return
        unseen, self._unseen = self._unseen, None
        pid, self._has_changed = self._has_changed, 0
        inferior = gdb.selected_inferior()
        if any(thread.is_running() for thread in inferior.threads()):
            return
        if unseen and unseen[0] == inferior.pid:
            self._tell_of_stop(unseen)
        elif pid and pid == inferior.pid:
            self.tell(lambda: self._changed(pid))

    def _tell_of_stop(self, seen: tuple[int, str]) -> None:
        pid, why = seen
        self.tell(lambda: self._stopped(pid, why))

    def tell(self, act: Callable[[], object]) -> None:
        """Do what is to be done at a stop; what goes wrong is said once, not always."""
        was_deaf, self.is_deaf = self.is_deaf, True
        try:
            with guard():
                act()
        except gdb.GdbError as error:
            complaint = str(error)
        else:
            complaint = ""
        finally:
            self.is_deaf = was_deaf
        if complaint and complaint != self._complaint:
            screen.complain(f"No snapshot was taken here: {complaint}")
        self._complaint = complaint

    def forget_changes(self) -> None:
        self._has_changed = 0

    def catch_up(self) -> None:
        """A command is about to ask: as if there was a prompt now."""
        self._prompt()


_watches: list[_Watch] = []


def watch(
    stopped: Callable[[int, str], None],
    changed: Callable[[int], None],
    ended: Callable[[int], None],
) -> None:
    """
    Be told from now on; a second call changes nothing.

    @param stopped A process was resumed, and a person sees it stopped: PID, reason.
    @param changed The user has written to a stopped process, or called its functions.
    @param ended A process has ended.
    """
    if not _watches:
        _watches.append(_Watch(stopped, changed, ended))


def tell(act: Callable[[], object]) -> None:
    """Do what is done at a stop."""
    for each in _watches:
        each.tell(act)


def catch_up() -> None:
    """Be told now of what would be told at the next prompt."""
    for each in _watches:
        each.catch_up()


def forget_changes() -> None:
    """What the user has written is in a snapshot now."""
    for each in _watches:
        each.forget_changes()


@contextlib.contextmanager
def own_work() -> Iterator[None]:
    """What stops and changes meanwhile is our doing, and nobody is told."""
    before = [(each, each.is_deaf) for each in _watches]
    for each in _watches:
        each.is_deaf = True
    try:
        yield
    finally:
        for each, was_deaf in before:
            each.is_deaf = was_deaf


def reason(event: gdb.StopEvent) -> str:
    """Why a process has stopped, in a word or two."""
    if isinstance(event, gdb.BreakpointEvent):
        return ", ".join(_breakpoint(each) for each in event.breakpoints)
    if isinstance(event, gdb.SignalEvent):
        return str(event.stop_signal)
    details = getattr(event, "details", None)  # GDB 14 and later
    if isinstance(details, dict) and "reason" in details:
        return _REASONS.get(details["reason"], str(details["reason"]))
    return "step"


_REASONS = {
    "end-stepping-range": "step",
    "function-finished": "finish",
    "location-reached": "until",
}


def _breakpoint(breakpoint: gdb.Breakpoint) -> str:
    if breakpoint.type in breakpoints.WATCHPOINTS:
        return f"watchpoint {breakpoint.number}"
    # GDB 12 has no name for catchpoints.
    is_plain = breakpoint.type == gdb.BP_BREAKPOINT or breakpoint.location
    return f"{'breakpoint' if is_plain else 'catchpoint'} {breakpoint.number}"


def _goes_on(event: gdb.StopEvent) -> bool:
    """Whether the commands of the breakpoint let the program run."""
    if not isinstance(event, gdb.BreakpointEvent):
        return False
    lines = [
        line.split()[0]
        for breakpoint in event.breakpoints
        for line in (breakpoint.commands or "").splitlines()
        if line.strip()
    ]
    return any(word in _RESUMING for word in lines)
