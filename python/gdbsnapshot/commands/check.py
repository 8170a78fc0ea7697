# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot check"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, files, names_and_files, words

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser

MODES = ("strict", "compat", "any")


class Check(Command):
    """Say whether a snapshot may run on this machine or another.

    Usage: snapshot check [NAME | FILE] [-mode strict|compat|any] [-cpu FILE...]

    NAME is a snapshot of this session; if it is not given, it is the newest one.
    FILE is an image, a core file, or a directory with the images of CRIU.

    -mode says how careful to be.  'strict' wants all that the snapshot's machine
    offered.  'compat', which is the default, wants what is in use, and XSAVE where the
    program may have found it; other instructions that are missing are a risk.  'any'
    refuses only what the kernel cannot load.
    -cpu compares with other machines: each FILE is what 'snapshot cpu -file' or
    'gdb-snapshot cpu --json' has written there.  More than one make a table.

    Identical and restorable snapshots fit; risky ones can be restored, but the program
    may use what is not there; impossible ones are refused.
    """

    name = "snapshot check"
    completers = {"snapshot": names_and_files, "mode": words(*MODES), "cpu": files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME | FILE", nargs="?")
        parser.add_argument(
            "-mode", metavar="strict|compat|any", choices=MODES, default="compat"
        )
        parser.add_argument("-cpu", metavar="FILE", nargs="+", default=[])

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import render_compat, verbs
        from ..target import screen

        with screen.progress(from_tty) as progress:
            rows = verbs.check(args.snapshot, args.mode, args.cpu, progress=progress)
        return render_compat.verdicts(rows, screen.page(from_tty))
