"""snapshot restore"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, names_and_files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser
    from ..store import Entry


class Restore(Command):
    """Put the process back to a snapshot.

    Usage: snapshot restore [NAME | FILE] [-dry-run]

    NAME is a snapshot of this session; if it is not given, it is the newest one of the
    process.
    FILE is an image that 'snapshot save -file' or 'snapshot export' wrote of this same
    process.
    -dry-run says what would be done, a step a line, and does nothing.

    The memory and its mappings, and of all threads the registers, signal masks and
    signal stacks are as they were at the save.  Open files and their offsets, signal
    handlers and timers stay as they are; a thread that was started or has ended since
    is refused.  Breakpoints, watchpoints and what else you have set in GDB since then
    stay.  If something cannot be put back, nothing is.
    """

    name = "snapshot restore"
    completers = {"snapshot": names_and_files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME | FILE", nargs="?")
        parser.add_argument("-dry-run", dest="dry_run", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import verbs
        from ..target import screen

        if args.dry_run:
            return verbs.explain(args.snapshot)
        with screen.progress(from_tty) as progress:

            def announce(entry: Entry) -> None:
                if progress is not None:
                    progress.clear()
                screen.write(f"Snapshot {entry.name} restored.\n")

            verbs.restore(args.snapshot, progress=progress, announce=announce)
        return ""
