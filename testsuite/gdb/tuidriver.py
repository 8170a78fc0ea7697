# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive GDB's text user interface (TUI) in a pseudo-terminal, and look at its screen.

The terminal is the simplest that curses can draw on: it moves its cursor and clears
itself, and can nothing else.  It has an entry of its own in the database of terminals.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import time
from pathlib import Path
from typing import Callable, Sequence

from gdbdriver import Debugger, Failed, Hung

LINES, COLUMNS = 30, 80

TERMINFO = rf"""story|a terminal that moves its cursor,
    am, cols#{COLUMNS}, lines#{LINES},
    bel=^G, cr=\r, cub1=^H, cud1=\n, ind=\n, cuu1=\E[A, cuf1=\E[C,
    clear=\E[H\E[2J, cup=\E[%i%p1%d;%p2%dH,
"""

_PIECE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b[^\[]|[\x00-\x1f]|[^\x00-\x1f]")


class Screen:
    """What is to be seen after a terminal was sent some text."""

    def __init__(self) -> None:
        self._rows = [[" "] * COLUMNS for _ in range(LINES)]
        self._row = self._column = 0
        self._rest = ""

    def feed(self, text: str) -> None:
        text = self._rest + text
        # A sequence may have come in part.
        begun = re.search(r"\x1b(\[[0-9;]*)?\Z", text)
        self._rest = begun[0] if begun else ""
        for piece in _PIECE.finditer(text[: len(text) - len(self._rest)]):
            if piece[2]:
                self._control(piece[2], [int(n or 0) for n in piece[1].split(";")])
            elif piece[0] == "\n":
                self._next_row()
            elif piece[0] == "\r":
                self._column = 0
            elif piece[0] == "\b":
                self._column = max(0, self._column - 1)
            elif piece[0] >= " ":
                self._put(piece[0])

    def _control(self, letter: str, numbers: list[int]) -> None:
        if letter == "H":
            row, column = (numbers + [1, 1])[:2] if len(numbers) > 1 else (1, 1)
            self._row = min(max(row, 1), LINES) - 1
            self._column = min(max(column, 1), COLUMNS) - 1
        elif letter == "J":
            self._rows = [[" "] * COLUMNS for _ in range(LINES)]
        elif letter == "A":
            self._row = max(0, self._row - 1)
        elif letter == "C":
            self._column = min(COLUMNS - 1, self._column + 1)

    def _next_row(self) -> None:
        self._row += 1
        if self._row == LINES:
            self._row -= 1
            self._rows = self._rows[1:] + [[" "] * COLUMNS]

    def _put(self, letter: str) -> None:
        if self._column == COLUMNS:
            self._column = 0
            self._next_row()
        self._rows[self._row][self._column] = letter
        self._column += 1

    @property
    def lines(self) -> list[str]:
        return ["".join(row).rstrip() for row in self._rows]

    def __str__(self) -> str:
        return "\n".join(self.lines)


# Each prompt has a number.
PROMPTS = (
    "python import itertools; numbers = itertools.count(1);"
    " gdb.prompt_hook = lambda old: f'<{next(numbers)}> '"
)


class TuiGdb(Debugger):
    """GDB with its windows.  Call it with a command; look at `screen`."""

    def __init__(self, argv: Sequence[str], folder: Path, timeout: float) -> None:
        source = folder / "story.ti"
        source.write_text(TERMINFO)
        words = ["tic", "-o", str(folder / "terminfo"), str(source)]
        subprocess.run(words, check=True, capture_output=True)
        self.screen = Screen()
        super().__init__([*argv, "-ex", PROMPTS], folder, timeout)

    def start_process(self, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        ours, theirs = pty.openpty()
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        env.update(TERM="story", TERMINFO=str(self.folder / "terminfo"))
        process = subprocess.Popen(
            self.argv,
            cwd=self.folder,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        process.stdin = os.fdopen(ours, "wb", buffering=0)
        process.stdout = os.fdopen(os.dup(ours), "rb", buffering=0)
        nothing, end = os.pipe()
        os.close(end)
        process.stderr = os.fdopen(nothing, "rb", buffering=0)
        return process

    def wait(self, is_there: Callable[[Screen], object], what: str) -> None:
        """Wait until the screen shows something."""
        end = time.monotonic() + self.timeout
        while True:
            self.screen.feed(self._texts["out"])
            self._texts["out"] = ""
            if is_there(self.screen):
                return
            if self.process.poll() is not None:
                raise Failed(f"GDB is gone:\n{self.screen}")
            if not self._receive(max(0.0, end - time.monotonic())):
                self.is_hung = True
                raise Hung(f"no {what} on the screen:\n{self.screen}")

    def __call__(self, command: str) -> None:
        """Give a command, and wait until GDB asks for the next one."""
        # What is typed ahead may be lost when the terminal is the program's meanwhile.
        self.wait(lambda screen: self._prompt(), "prompt")
        before = self._prompt()
        self.write(command)
        self.wait(lambda screen: self._prompt() > before, "prompt")

    def _prompt(self) -> int:
        """The number of the prompt that waits for a command; 0: none does."""
        last = [line for line in self.screen.lines if line][-1:]
        match = re.fullmatch(r"<(\d+)>", last[0]) if last else None
        return int(match[1]) if match else 0

    def source_lines(self) -> list[int]:
        """The numbers of the lines that the source window marks as the present one."""
        found = re.findall(r"(?m)^\W*[BbHh]?\W*>\s*(\d+)\b", str(self.screen))
        return [int(number) for number in found]
