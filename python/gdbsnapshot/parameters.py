# SPDX-License-Identifier: GPL-3.0-or-later
"""set snapshot …, show snapshot …"""

from __future__ import annotations

import os
import sys

import gdb

from .commands.base import TYPE_CHECKING, help_text

if TYPE_CHECKING:
    from typing import Optional


class SetPrefix(gdb.Command):
    """Set how snapshots are taken and restored."""

    def __init__(self) -> None:
        super().__init__("set snapshot", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, argument: str, from_tty: bool) -> None:
        if argument:
            raise gdb.GdbError(
                f"There is no setting 'snapshot {argument.split()[0]}'. See 'help set"
                " snapshot'."
            )
        gdb.execute("help set snapshot")


class ShowPrefix(gdb.Command):
    """Show how snapshots are taken and restored."""

    def __init__(self) -> None:
        super().__init__("show snapshot", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)

    def invoke(self, argument: str, from_tty: bool) -> None:
        if argument:
            raise gdb.GdbError(
                f"There is no setting 'snapshot {argument.split()[0]}'. See 'help show"
                " snapshot'."
            )
        for name in SETTINGS:
            gdb.execute(f"show {name}")


class Auto(gdb.Parameter):
    """
    When on, a snapshot is taken wherever the process stops for you to see: at a
    breakpoint, after a step, at a signal or Ctrl-C.  'snapshot undo' goes back over
    them, 'snapshot list' shows them.  Their names are numbers; 'snapshot name' gives
    one a name.  Stops of which the commands of a breakpoint let the program go on by
    themselves do not count.

    Each takes what has changed since the one before it; 'set snapshot limit' thins
    them.
    """

    set_doc = "Set whether a snapshot is taken at each stop."
    show_doc = "Show whether a snapshot is taken at each stop."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__("snapshot auto", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = False

    def get_set_string(self) -> str:
        if self.value:
            from . import automatic

            automatic.begin()
            if gdb.selected_inferior().pid:
                automatic.mark(gdb.selected_inferior().pid)
        return ""

    def get_show_string(self, svalue: str) -> str:
        return f"Taking a snapshot at each stop is {svalue}."


class Verify(gdb.Parameter):
    """
    When on, a restore reads all memory back and compares it with the snapshot; if it
    differs, what was done is undone.  When off, it trusts the kernel, and is faster.
    Registers are always compared.
    """

    set_doc = "Set whether a restore compares the memory that it has put back."
    show_doc = "Show whether a restore compares the memory that it has put back."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__("snapshot verify", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = True

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, svalue: str) -> str:
        return f"Comparing the memory that a restore has put back is {svalue}."


class FpuMode(gdb.Parameter):
    """
    'compat' refuses a snapshot whose threads have registers in use that this machine
    does not have.  'any' leaves those registers out, and says which; the program loses
    what is in them.
    """

    set_doc = "Set what a restore does about registers that the machine does not have."
    show_doc = (
        "Show what a restore does about registers that the machine does not have."
    )

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__(
            "snapshot fpu-mode", gdb.COMMAND_DATA, gdb.PARAM_ENUM, ("compat", "any")
        )
        self.value = "compat"

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, svalue: str) -> str:
        return (
            f"What a restore does about registers that the machine lacks is {svalue}."
        )


class SharedMemory(gdb.Parameter):
    """
    When on, a save holds the memory that other processes may see (shared anonymous
    memory, memfd, SysV segments, files in /dev/shm), and a restore writes it back under
    their eyes.  When off, it stays as it is; a save names what is left out.  Anonymous
    shared memory that no other process has mapped is always rewound, files that are
    mapped from a disk never are.
    """

    set_doc = "Set whether memory that is shared with other processes is rewound."
    show_doc = "Show whether memory that is shared with other processes is rewound."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__("snapshot shared-memory", gdb.COMMAND_DATA, gdb.PARAM_BOOLEAN)
        self.value = False

    def get_set_string(self) -> str:
        return ""

    def get_show_string(self, svalue: str) -> str:
        return f"Rewinding memory that is shared with other processes is {svalue}."


class Limit(gdb.Parameter):
    """
    SIZE is a number with a unit, as 500M or 2.5G, or 'unlimited'.  When the snapshots
    together take more, those that were taken by themselves ('set snapshot auto on') are
    thinned, the old ones first and evenly; then the oldest of those that were saved
    without a name are deleted, and a line says so.  Snapshots with a name of yours, and
    the one just taken, stay.
    """

    set_doc = "Set how much room the snapshots of this session may take."
    show_doc = "Show how much room the snapshots of this session may take."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__("snapshot limit", gdb.COMMAND_DATA, gdb.PARAM_STRING)
        self.value = "unlimited"
        self.before = "unlimited"

    def get_set_string(self) -> str:
        from . import sizes

        try:
            sizes.parse(str(self.value))
        except ValueError as error:
            self.value = self.before
            raise gdb.GdbError(str(error)) from None
        self.before = str(self.value)
        keeping = sys.modules.get(f"{__package__}.keeping")
        if keeping is None:
            return ""
        from . import render

        return render.displaced(keeping.make_room()).rstrip("\n")

    def get_show_string(self, svalue: str) -> str:
        text = f"The snapshots may take {svalue}"
        if f"{__package__}.keeping" in sys.modules:
            from . import core, render

            text += f"; they take {render.size(core.store_size())}"
        return text + "."


class Directory(gdb.Parameter):
    """
    DIR is where the memory of snapshots goes from now on: a file without a name, which
    is gone when GDB ends.  Without DIR it stays in GDB's memory.  Snapshots that are
    there already stay where they are.
    """

    set_doc = "Set the directory for the memory of snapshots."
    show_doc = "Show the directory for the memory of snapshots."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__(
            "snapshot directory", gdb.COMMAND_FILES, gdb.PARAM_OPTIONAL_FILENAME
        )
        self.value = ""
        self.before = ""

    def get_set_string(self) -> str:
        from . import core
        from .problem import Problem

        wanted = str(self.value or "")
        self.value = self.before
        try:
            core.set_directory(os.path.expanduser(wanted) or None)
        except Problem as problem:
            raise gdb.GdbError(str(problem)) from None
        self.value = self.before = wanted
        return ""

    def get_show_string(self, svalue: str) -> str:
        if not self.before:
            return "Snapshots are kept in memory."
        return f"Snapshots are kept in a file in {self.before}."


class Tracking(gdb.Parameter):
    """
    'userfaultfd' and 'soft-dirty' let the kernel note which pages are written to, so
    that a save or restore need not look at the others; each is tried in the process
    before it is trusted, and where it cannot be, 'contents' is used in its place, which
    compares all memory.  'auto' takes the best that there is.

    With 'userfaultfd' a program that begins to use userfaultfd(2) itself after a save
    finds its memory busy: choose another way for it.  'soft-dirty' clears bits of
    /proc/PID/clear_refs, which the tools of others may rely on.  'snapshot show -state'
    says what is used, and why not a better one.
    """

    set_doc = "Set how pages that change between saves and restores are found."
    show_doc = "Show how pages that change between saves and restores are found."

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__(
            "snapshot tracking",
            gdb.COMMAND_DATA,
            gdb.PARAM_ENUM,
            ("auto", "userfaultfd", "soft-dirty", "contents"),
        )
        self.value = "auto"

    def get_set_string(self) -> str:
        # Takes off what was there, at once.
        core = sys.modules.get(f"{__package__}.core")
        if core is not None:
            core.set_tracking(str(self.value))
        return ""

    def get_show_string(self, svalue: str) -> str:
        return f"The way that changed pages are found is {svalue}."


SETTINGS = (
    "snapshot auto",
    "snapshot directory",
    "snapshot fpu-mode",
    "snapshot limit",
    "snapshot shared-memory",
    "snapshot tracking",
    "snapshot verify",
)


def auto() -> bool:
    return bool(gdb.parameter("snapshot auto"))


def verify_memory() -> bool:
    return bool(gdb.parameter("snapshot verify"))


def fpu_mode() -> str:
    return str(gdb.parameter("snapshot fpu-mode"))


def shared_memory() -> bool:
    return bool(gdb.parameter("snapshot shared-memory"))


def tracking() -> str:
    return str(gdb.parameter("snapshot tracking"))


def limit() -> Optional[int]:
    """In bytes; None: there is none."""
    from . import sizes

    return sizes.parse(str(gdb.parameter("snapshot limit")))


def register() -> None:
    SetPrefix()
    ShowPrefix()
    Auto()
    Directory()
    FpuMode()
    Limit()
    SharedMemory()
    Tracking()
    Verify()
