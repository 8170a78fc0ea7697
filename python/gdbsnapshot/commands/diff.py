# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot diff"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, names_and_files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Diff(Command):
    """Show what has changed between two snapshots, or since one.

    Usage: snapshot diff [A [B]] [-threads] [-registers] [-variables] [-memory]
    [-state]

    A and B are snapshots of this session, or images.  Without B, A is compared with the
    process as it is now, which stays as it is; without both, the newest snapshot of the
    process is.

    -threads shows the threads that were started and have ended.
    -registers shows the registers that differ, before and after, of all threads.
    -variables shows the variables of the program, and of functions that are called in
    both, that have another value: with type, declaration, and values as GDB prints
    them, of large ones the fields and elements.  A is then of this session, and B, too,
    of the same process, or B is the process.
    -memory shows the memory that differs, at most 1000 ranges, and the mappings.
    -state shows what else differs: signals, timers, files and more.
    If no option is given, all is shown, with the first few of what there are many of.

    A and B may be of two processes.  Their threads are then compared in the order of
    their numbers, and their memory where both have the same thing at an address.
    Of private file mappings, what a snapshot does not hold is read from the file; if
    that is not there any more, it is said that the memory may differ.
    """

    name = "snapshot diff"
    completers = {"old": names_and_files, "new": names_and_files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("old", metavar="A", nargs="?")
        parser.add_argument("new", metavar="B", nargs="?")
        for section in ("threads", "registers", "variables", "memory", "state"):
            parser.add_argument(f"-{section}", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core, render_diff, variables, verbs
        from ..target import screen, symbols

        page = screen.page(from_tty)
        with screen.progress(from_tty) as progress:
            comparison = verbs.diff(args.old, args.new, progress=progress)
        sections = [name for name in render_diff.SECTIONS if getattr(args, name)]
        found = None
        with core.problems():
            if args.variables:
                found = variables.find(comparison)
            elif not sections:
                found = variables.try_to_find(comparison)
            return render_diff.text(
                comparison,
                sections,
                page,
                symbols.names if comparison.is_live else None,
                found,
            )
