# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot export"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files, snapshot_names

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Export(Command):
    """Write a snapshot to a file.

    Usage: snapshot export NAME FILE [-overwrite] [-self-contained] [-background]

    NAME is a snapshot of this session.
    FILE is written as an ELF core file: whatever reads those reads it.

    -overwrite lets FILE be replaced if it exists already.
    -self-contained also writes what the process has mapped of files, of its program and
    libraries above all: 'snapshot restore FILE' makes a process where they are not.
    -background does not wait until it is written; so it is with more than 64 MiB when
    you type the command at a terminal.  FILE appears when it is complete: a line says
    that before a prompt, and 'snapshot list' how far it is.  A command that needs FILE
    waits, and so does the end of GDB; a Ctrl-C then ends the writing, without a FILE.
    """

    name = "snapshot export"
    completers = {"snapshot": snapshot_names, "file": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME")
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("-overwrite", action="store_true")
        parser.add_argument(
            "-self-contained", dest="self_contained", action="store_true"
        )
        parser.add_argument("-background", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:
            entry = verbs.export(
                args.snapshot,
                args.file,
                overwrite=args.overwrite,
                self_contained=args.self_contained,
                background=screen.is_background(args.background, from_tty),
                progress=progress,
            )
        return render.exported(entry)
