# SPDX-License-Identifier: GPL-3.0-or-later
"""snapshot show"""

from __future__ import annotations

from .base import TYPE_CHECKING, Command, names_and_files

if TYPE_CHECKING:
    import argparse

    from ..arguments import Parser


class Show(Command):
    """Show what a snapshot holds.

    Usage: snapshot show [NAME | FILE] [-threads] [-backtrace] [-registers] [-memory]
    [-state]

    NAME is a snapshot of this session; if it is not given, it is the newest one.
    FILE is an image, a core file, or a directory with the images of CRIU; no process is
    needed to look at it.

    -threads shows each thread with its backtrace; so it is if no option is given.
    -backtrace shows each thread as GDB's 'backtrace' does, with arguments and your
    settings; NAME is then a snapshot of this session.
    -registers shows all registers of each thread, in hexadecimal, the highest byte
    first; vectors in words of eight bytes.
    -memory shows the mappings, and how much of each the snapshot holds.
    -state shows what else was captured: of the process, and of each thread.
    """

    name = "snapshot show"
    completers = {"snapshot": names_and_files}

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("snapshot", metavar="NAME | FILE", nargs="?")
        for section in ("threads", "registers", "memory", "state"):
            parser.add_argument(f"-{section}", action="store_true")
        parser.add_argument("-backtrace", action="store_true")

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        from .. import core, render, render_past, render_state, travel, verbs
        from ..target import screen

        page = screen.page(from_tty)
        with screen.progress(from_tty) as progress:
            entry = verbs.find(args.snapshot, progress, foreign=True)
            snapshot = entry.snapshot
            is_any = args.registers or args.memory or args.state or args.backtrace
            if args.threads or not is_any:
                core.settle(snapshot, progress)
        with core.problems():
            parts = [render.header(snapshot, entry.name, entry.file)]
            if args.threads or not is_any:
                parts.append(render.threads(snapshot, page))
            if args.backtrace:
                texts = travel.backtraces(entry)
                parts.append(render_past.backtraces(snapshot, texts, page))
            if args.registers:
                parts.append(render.registers(snapshot, page))
            if args.memory:
                parts.append(render.memory(snapshot, page))
            if args.state:
                parts.append(render_state.state(snapshot, page))
        return "\n".join(parts)
