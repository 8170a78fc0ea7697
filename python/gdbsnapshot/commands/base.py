# SPDX-License-Identifier: GPL-3.0-or-later
"""What all commands have in common: options, help, completion, errors."""

from __future__ import annotations

import contextlib
import functools
import os

import gdb

from ..problem import Problem

# This is imported each time GDB starts.  The module typing, which has the name too, is
# not in GDB and takes as long to load as all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Callable, Iterator, Optional, Sequence

    from ..arguments import Parser

    Completer = Callable[[str], list[str]]
    """From the beginning of a word, the words that it may become."""


def help_text(command: type) -> str:
    """A class's docstring without the indentation of the source, as `help` shows it."""
    lines = (command.__doc__ or "").strip().splitlines()
    return "\n".join(line[4:] if line[:4] == "    " else line for line in lines)


def snapshot_names(word: str) -> list[str]:
    from ..keeping import store

    return [name for name in store.names() if name.startswith(word)]


def files(word: str) -> list[str]:
    """Paths that begin like this; a directory ends in '/'."""
    directory, start = os.path.split(word)
    try:
        found = sorted(os.listdir(os.path.expanduser(directory) or "."))
    except OSError:
        return []
    paths = [
        os.path.join(directory, name)
        for name in found
        if name.startswith(start) and (start or not name.startswith("."))
    ]
    return [
        path + "/" if os.path.isdir(os.path.expanduser(path)) else path
        for path in paths
    ]


def words(*choices: str) -> Completer:
    """Completes to one of a few words."""
    return lambda word: [choice for choice in choices if choice.startswith(word)]


def names_and_files(word: str) -> list[str]:
    return snapshot_names(word) + files(word)


class Command(gdb.Command):
    """
    A command: words in, text out.

    The docstring is its help, and says all its options.  run() returns what to print;
    Problem is what goes wrong.
    """

    name: str
    category = gdb.COMMAND_RUNNING
    completers: dict[str, Completer] = {}
    """By the name that the parser gives an argument; those not here have none."""

    def __init__(self) -> None:
        self.__doc__ = help_text(type(self))
        super().__init__(self.name, self.category)

    def arguments(self, parser: Parser) -> None:
        """Tell the parser of the arguments; without any, the command has none."""

    def run(self, args: argparse.Namespace, from_tty: bool) -> str:
        raise NotImplementedError

    @functools.cached_property
    def parser(self) -> Parser:
        # argparse is large; it is loaded when the first command is used.
        from ..arguments import Parser

        parser = Parser(prog=self.name)
        self.arguments(parser)
        return parser

    def invoke(self, argument: str, from_tty: bool) -> None:
        self.dont_repeat()
        argv = gdb.string_to_argv(argument)
        with guard():
            text = self.run(self.parser.parse(argv), from_tty)
        gdb.write(text)

    def complete(self, text: str, word: Optional[str]) -> Sequence[str]:
        if word is None:
            # GDB only asks how words are separated.
            return []
        before, last = split_last(text)
        found = self.parser.complete(before, last, self.completers)
        # GDB may think that the last word begins later, behind a '-' or a '/'.
        skip = len(last) - len(word)
        return [candidate[skip:] for candidate in found]


def split_last(text: str) -> tuple[list[str], str]:
    """The finished words, and the beginning of the one being typed."""
    words = text.split()
    if words and not text[-1].isspace():
        return words[:-1], words[-1]
    return words, ""


@contextlib.contextmanager
def guard() -> Iterator[None]:
    """What goes wrong inside is one sentence to GDB, never a traceback."""
    try:
        yield
    except Problem as problem:
        raise gdb.GdbError(str(problem)) from None
    except KeyboardInterrupt:
        raise gdb.GdbError("Interrupted. The process is as it was.") from None
    except gdb.error as error:
        raise gdb.GdbError(str(error)) from None
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        raise gdb.GdbError(f"{what}{error.strerror}.") from None
    except MemoryError:
        raise gdb.GdbError("GDB has no memory left for this.") from None
