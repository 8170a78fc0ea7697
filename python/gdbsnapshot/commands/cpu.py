# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot cpu"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Cpu(Command):
    """Describe this machine's CPU.

    Usage: snapshot cpu [-file FILE] [-overwrite]

    -file writes the description to FILE, as JSON, for 'snapshot check -cpu FILE' on
    another machine.
    -overwrite lets FILE be replaced if it exists already.
    """

    name = "snapshot cpu"
    completers = {"file": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("-file", metavar="FILE")
        parser.add_argument("-overwrite", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core, render_compat, verbs
        from ..target import screen

        if args.file is None:
            return render_compat.cpu(core.describe_cpu(), screen.page(from_tty))
        path = verbs.write_cpu(args.file, overwrite=args.overwrite)
        return f"This machine is described in {path}.\n"
