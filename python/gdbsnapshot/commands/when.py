# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot when, snapshot last-write"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command, guard

if TYPE_CHECKING:
    from typing import Optional, Sequence

    from ..arguments import Parser


class _Expression(Command):
    """A command whose argument is an expression, as it was typed."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("expression", metavar="EXPR")

    def invoke(self, argument: str, from_tty: bool) -> None:
        from ..problem import Problem

        self.dont_repeat()
        with guard():
            expression, option = without_options(argument)
            if not expression:
                raise Problem(
                    f"'{self.name}' needs an expression", f"See 'help {self.name}'"
                )
            text = self.find(expression, option, from_tty)
        gdb.write(text)

    def find(self, expression: str, option: str, from_tty: bool) -> str:
        raise NotImplementedError

    def complete(self, text: str, word: Optional[str]) -> Sequence[str]:
        if word is None or not text.split()[1:] or not text.split()[-1].startswith("-"):
            return []
        last = text.split()[-1]
        found = [o for o in self.parser.option_strings() if o.startswith(last)]
        return [each[len(last) - len(word) :] for each in found]


def without_options(argument: str) -> tuple[str, str]:
    """The expression, and the option before or behind it."""
    words = argument.split()
    for option in ("-changed", "-true"):
        if words[:1] == [option]:
            return argument.strip()[len(option) :].strip(), option
        if words[1:] and words[-1] == option:
            return argument.strip()[: -len(option)].strip(), option
    return argument.strip(), ""


class When(_Expression):
    """Tell between which snapshots an expression changed or became true.

    Usage: snapshot when EXPR [-changed | -true]

    EXPR is evaluated in each snapshot on the way to where the process is, in the thread
    and frame that were selected there, with your settings and pretty-printers.

    -changed tells where its value differs from the one before; this is the default.
    -true tells where it became true, and where it did not stay so.

    Nothing is restored and nothing runs: memory and registers are those of the
    snapshots.  What is told is exact for them; a value that changed and changed back
    between two snapshots is not seen.
    """

    name = "snapshot when"
    category = gdb.COMMAND_DATA

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("-changed", action="store_true")
        which.add_argument("-true", action="store_true")

    def find(self, expression: str, option: str, from_tty: bool) -> str:
        from .. import render_past, travel
        from ..target import screen

        page = screen.page(from_tty)
        found = travel.when(expression, is_condition=option == "-true")
        if option == "-true":
            return render_past.conditions(found, page)
        return render_past.changes(found, expression, page)


class LastWrite(_Expression):
    """Go back to the last write that changed an expression.

    Usage: snapshot last-write EXPR

    EXPR is something in memory: a variable, an element, what a pointer points to.  Its
    place is that of now, in the selected frame.

    The process is put back to the last snapshot in which it was another, and runs from
    there to where it is now, with all breakpoints off and a hardware watchpoint at its
    place.  If it comes to exactly the present state (memory, and the registers of the
    thread, are compared), the last write on the way is the one, and the process is put
    behind it.  If it takes another way, that is said, and it is put back to where it is
    now.  Ctrl-C ends the search and puts it back, too.

    What the program does to the outside world on its way it does again: what it prints
    is printed twice, and what it sends is sent twice.  A write of the value that was
    there already is none.
    """

    name = "snapshot last-write"

    def find(self, expression: str, option: str, from_tty: bool) -> str:
        from .. import render_past, search

        return render_past.written(search.last_write(expression), expression)
