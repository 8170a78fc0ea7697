# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot import"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Import(Command):
    """Read a snapshot from a file.

    Usage: snapshot import FILE [NAME]

    FILE is an image that 'snapshot save -file' or 'snapshot export' wrote.
    NAME is what the snapshot is called from now on; if it is not given, it is the name
    that it had when it was written, or the next of s1, s2 and so on if that is taken.
    """

    name = "snapshot import"
    completers = {"file": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("snapshot", metavar="NAME", nargs="?")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:
            entry = verbs.import_file(args.file, args.snapshot, progress=progress)
        return render.imported(entry)
