# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot print, snapshot x"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command, snapshot_names, split_last

if TYPE_CHECKING:
    from typing import Optional, Sequence

    from ..arguments import Parser


class _Past(Command):
    """A command whose last argument is all the rest of the line, as it was typed."""

    category = gdb.COMMAND_DATA

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME")
        parser.add_argument("expression", metavar="EXPR")

    def invoke(self, argument: str, from_tty: bool) -> None:
        from ..commands.base import guard

        with guard():
            text = self.look(*split(argument, self.name))
        gdb.write(text)

    def look(self, name: str, rest: str) -> str:
        raise NotImplementedError

    def complete(self, text: str, word: Optional[str]) -> Sequence[str]:
        before, last = split_last(text)
        if before or word is None:
            return []
        return [name[len(last) - len(word) :] for name in snapshot_names(last)]


def split(argument: str, command: str) -> tuple[str, str]:
    """The name, and what is to be done with it."""
    from ..problem import Problem

    name, _, rest = argument.strip().partition(" ")
    if not rest.strip():
        raise Problem(
            f"'{command}' needs a snapshot and an expression", f"See 'help {command}'"
        )
    return name, rest.strip()


class Print(_Past):
    """Print what an expression was in a snapshot.

    Usage: snapshot print NAME EXPR

    NAME is a snapshot of this session, by its name or number.
    EXPR is evaluated with the memory and registers of the snapshot, in the thread and
    frame that were selected.  A format before it (/x) and the options of 'print' are
    allowed, and your settings and pretty-printers are used; functions cannot be called,
    and the values of your '$' variables are not known there.

    The process is not touched, and stays where it is.
    """

    name = "snapshot print"

    def look(self, name: str, rest: str) -> str:
        from .. import travel

        return f"{name}: {travel.print_past(name, rest)}\n"


class Examine(_Past):
    """Examine memory as it was in a snapshot.

    Usage: snapshot x NAME EXPR

    NAME is a snapshot of this session, by its name or number.
    EXPR is an address, and what 'x' takes before it: /8xb, /s, /4i and so on.  'help x'
    tells more.  Registers and variables are those of the snapshot.

    The process is not touched, and stays where it is.
    """

    name = "snapshot x"

    def look(self, name: str, rest: str) -> str:
        from .. import travel

        return travel.examine_past(name, rest)
