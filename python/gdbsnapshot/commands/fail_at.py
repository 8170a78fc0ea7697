# SPDX-License-Identifier: GPL-3.0-or-later
"""maintenance snapshot fail-at"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class FailAt(Command):
    """Make the next save or restore fail.

    Usage: maintenance snapshot fail-at N

    N says which of its calls into the kernel fails, counted from 1; 0: none does.
    """

    name = "maintenance snapshot fail-at"
    category = gdb.COMMAND_MAINTENANCE

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("number", metavar="N", type=int)

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core
        from ..problem import Problem

        if args.number < 0:
            raise Problem("calls are counted from 1", "0 lets all of them be made")
        core.fail_at_next = args.number
        return ""
