# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot restore"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, names_and_files, words

if TYPE_CHECKING:
    import argparse

    from _snapshot import Report

    from ..arguments import Parser
    from ..store import Entry


MODES = ("compat", "any")


class Restore(Command):
    """Put the process back to a snapshot, or make a process of one.

    Usage: snapshot restore [NAME | FILE] [-dry-run] [-fpu-mode compat|any]
    [-force]

    NAME is a snapshot of this session; if it is not given, it is the newest one of the
    process.
    FILE is an image that 'snapshot save -file' or 'snapshot export' wrote of this same
    process.  Where there is no process, a new one is made that is what NAME or FILE was
    of; its program and its libraries have to be there, or in a FILE that was written
    with -self-contained.
    -dry-run says what would be done, a step a line, and does nothing.
    -fpu-mode says what to do about registers that this machine does not have: 'compat'
    refuses, 'any' leaves them out and names them; 'set snapshot fpu-mode' says which it
    is otherwise.  'help snapshot check' tells more.
    -force makes a process also of a FILE that is a core file of another program, of the
    kernel or gcore; what it does not say is assumed, and told.

    The memory and its mappings, and of all threads the registers, signal masks and
    signal stacks are as they were at the save, and so are the open files (descriptors,
    offsets, flags, what is in pipes, counters, epoll sets), signal handlers, pending
    signals, timers (what was left of them counts from the restore), limits, priorities
    and names.  The contents of files, and what went through sockets, stay; what was
    kept is named.  Threads that were started since end; those that have ended are
    started again with their numbers, which takes root or CAP_CHECKPOINT_RESTORE in the
    process.  Breakpoints, watchpoints and what else you have set in GDB since then
    stay.  If something cannot be put back, nothing is.
    """

    name = "snapshot restore"
    completers = {"snapshot": names_and_files, "fpu_mode": words(*MODES)}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME | FILE", nargs="?")
        parser.add_argument("-dry-run", dest="dry_run", action="store_true")
        parser.add_argument(
            "-fpu-mode", dest="fpu_mode", metavar="compat|any", choices=MODES
        )
        parser.add_argument("-force", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render, render_compat, verbs
        from ..target import screen

        if args.dry_run:
            return verbs.explain(args.snapshot, args.fpu_mode, args.force)
        with screen.progress(from_tty) as progress:

            def announce(entry: Entry, report: Report) -> None:
                if progress is not None:
                    progress.clear()
                screen.write(render.restored(entry, report))
                screen.write(render_compat.risks(verbs.verdict(entry, args.fpu_mode)))

            verbs.restore(
                args.snapshot,
                fpu_mode=args.fpu_mode,
                force=args.force,
                progress=progress,
                announce=announce,
            )
        return ""
