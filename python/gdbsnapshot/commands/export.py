"""snapshot export"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files, snapshot_names

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Export(Command):
    """Write a snapshot to a file.

    Usage: snapshot export NAME FILE [-overwrite]

    NAME is a snapshot of this session.
    FILE is written as an ELF core file: whatever reads those reads it.

    -overwrite lets FILE be replaced if it exists already.
    """

    name = "snapshot export"
    completers = {"snapshot": snapshot_names, "file": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME")
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("-overwrite", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:
            entry = verbs.export(
                args.snapshot, args.file, overwrite=args.overwrite, progress=progress
            )
        return render.exported(entry)
