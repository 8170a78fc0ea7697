"""snapshot restore"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, names_and_files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser
    from ..store import Entry


class Restore(Command):
    """Put the process back to a snapshot.

    Usage: snapshot restore [NAME | FILE]

    NAME is a snapshot of this session; if it is not given, it is the newest one of the
    process.
    FILE is an image that 'snapshot save -file' or 'snapshot export' wrote of this same
    process.

    All threads, the memory and the state are as they were at the save.  Breakpoints,
    watchpoints and what else you have set in GDB since then stay.  If something cannot
    be put back, nothing is.
    """

    name = "snapshot restore"
    completers = {"snapshot": names_and_files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME | FILE", nargs="?")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:

            def announce(entry: Entry) -> None:
                if progress is not None:
                    progress.clear()
                screen.write(f"Snapshot {entry.name} restored.\n")

            verbs.restore(args.snapshot, progress=progress, announce=announce)
        return ""
