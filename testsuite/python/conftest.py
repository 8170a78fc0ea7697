# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests without GDB stand on: our package, and a gdb that does nothing."""

import sys
import types
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "python"), str(HERE)]


class GdbCommand:
    """gdb.Command as far as defining and parsing a command needs it."""

    def __init__(self, *arguments):
        self.registered = arguments

    def dont_repeat(self):
        pass


class _Gdb(types.ModuleType):
    """Only names: whoever calls GDB in these tests fails."""

    Command = GdbCommand
    MICommand = GdbCommand
    Function = GdbCommand
    Parameter = GdbCommand
    Breakpoint = object
    error = type("error", (RuntimeError,), {})
    GdbError = type("GdbError", (Exception,), {})

    def __getattr__(self, name):
        if name.isupper():
            return name
        raise AttributeError(name)


sys.modules["gdb"] = _Gdb("gdb")
