# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot save"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Save(Command):
    """Take a snapshot of the process.

    Usage: snapshot save [NAME] [-file FILE] [-overwrite] [-self-contained]
    [-background] [-note TEXT]

    NAME is what the snapshot is called from now on; if it is not given, it is the next
    of s1, s2 and so on.

    -file FILE also writes the snapshot to FILE, an ELF core file.
    -overwrite lets FILE be replaced if it exists already.
    -self-contained lets FILE have all that is mapped of files: see 'help snapshot
    export'.
    -background does not wait until FILE is written: see 'help snapshot export'.
    -note TEXT is kept with the snapshot, for you; put it in quotes if it has blanks.

    The process is stopped, and goes on from where it is as if nothing had happened.
    """

    name = "snapshot save"
    completers = {"file": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME", nargs="?")
        parser.add_argument("-file", metavar="FILE")
        parser.add_argument("-overwrite", action="store_true")
        parser.add_argument(
            "-self-contained", dest="self_contained", action="store_true"
        )
        parser.add_argument("-background", action="store_true")
        parser.add_argument("-note", metavar="TEXT", default="")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:
            entry = verbs.save(
                args.snapshot,
                file=args.file,
                overwrite=args.overwrite,
                self_contained=args.self_contained,
                note=args.note,
                background=screen.is_background(args.background, from_tty),
                progress=progress,
            )
        return render.saved(entry)
