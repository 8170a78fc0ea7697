# SPDX-License-Identifier: GPL-3.0-or-later
"""Make GDB know the commands and settings, once."""

from . import commands, parameters
from .commands import mi
from .target import notices, reported

_registered: list[bool] = []


def register() -> None:
    """Loading a second time leaves all as it is: settings keep their values."""
    if _registered:
        return
    parameters.register()
    mi.register(commands.register())
    notices.register()
    reported.watch()
    _registered.append(True)
