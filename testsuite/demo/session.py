# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the demonstration in a real GDB on a terminal, and show what the terminal shows.

The commands below are typed at GDB's prompt one by one; every line of the transcript
that is not an explanation is what GDB, or the program, wrote on that terminal.  The
outcome is checked: a step that does not say what it must ends the session.
"""

import argparse
import dataclasses
import fcntl
import os
import pty
import re
import select
import shlex
import struct
import sys
import tempfile
import termios
import textwrap
from pathlib import Path
from typing import Iterator

PROMPT = "(gdb) "
COLUMNS = 88
# Long enough for a loaded machine; a session takes a second or two.
PATIENCE = 120

BLOCK = re.compile(
    r"(?<=<!-- Written by `make readme` -->\n```text\n).*?(?=^```$)", re.DOTALL | re.M
)


class Failed(Exception):
    """The session did not go as it must; one sentence."""


@dataclasses.dataclass(frozen=True)
class Step:
    """One command: what is typed, what must be in the answer, and why one types it."""

    command: str
    answer: str = ""
    why: str = ""


def widest_lane() -> str:
    """The last number of a vector register, of the widest kind that this CPU has."""
    flags = Path("/proc/cpuinfo").read_text().split()
    if "avx512dq" in flags:
        return "$zmm3.v8_int64[7]"
    return "$ymm3.v4_int64[3]" if "avx2" in flags else "$xmm3.v2_int64[1]"


LOOK = Step(f"thread apply 5-7 -q print/x {widest_lane()}", " = 0x")
STEPS = [
    Step("set print thread-events off"),
    Step(
        "break halfway if worker == 5",
        "Breakpoint 1 at",
        "Eight threads compute, each with its numbers in vector registers alone. "
        "Stop when the sixth is halfway, and take a snapshot.",
    ),
    Step("run", 'Thread 6 "crunch" hit Breakpoint 1, halfway'),
    LOOK,
    Step("snapshot save", "s1"),
    Step(
        "continue",
        'Thread 6 "crunch" received signal SIGSEGV.*find_key',
        "All threads go on, until the sixth crashes.",
    ),
    LOOK,
    Step("print choice[worker]", "= 1000000000"),
    Step(
        "snapshot restore",
        "s1 restored.*halfway",
        "There are four keys only. Back to before the crash: the same process, all its "
        "threads, every register.",
    ),
    LOOK,
    Step(
        "set variable choice[5] = 1",
        why="Repair it, and go on. At the end the program compares all its numbers "
        "with what plain arithmetic gives.",
    ),
    Step("continue", r"(\d+) of \1 numbers are right.*exited normally"),
]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, argv: list[str], folder: Path, home: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            # No colours, nobody's own start-up files, no downloads.
            os.environ.update(TERM="dumb", HOME=home, DEBUGINFOD_URLS="")
            os.environ.pop("INPUTRC", None)
            # What make hands on to its children is no business of the program's.
            os.closerange(3, 4096)
            os.execvp(argv[0], argv)
        size = struct.pack("HHHH", 0, COLUMNS, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)

    def read_until(self, end: str) -> str:
        """What is written up to and including an end, or up to the end of all."""
        said = b""
        while not said.endswith(end.encode()):
            if not select.select([self.fd], [], [], PATIENCE)[0]:
                raise Failed(f"GDB has not answered for {PATIENCE} seconds")
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                break  # EIO is how Linux says that the other side is closed.
            if not piece:
                break
            said += piece
        return said.decode(errors="replace").replace("\r\n", "\n")

    def write(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def close(self) -> None:
        # The terminal hangs up: GDB ends, and its program with it.
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def play(terminal: Terminal) -> Iterator[str]:
    """The transcript, a step at a time; raises Failed where it goes wrong."""
    yield terminal.read_until(PROMPT).removesuffix(PROMPT)
    seen = []
    for step in STEPS:
        if step.why:
            yield f"\n{textwrap.indent(textwrap.fill(step.why, COLUMNS - 2), '# ')}\n"
        terminal.write(f"{step.command}\n")
        said = terminal.read_until("\n" + PROMPT)
        yield PROMPT + said.removesuffix(PROMPT)
        if not re.search(step.answer, said, re.DOTALL):
            raise Failed(f"'{step.command}' should have answered: {step.answer}")
        if step is LOOK:
            seen.append(re.findall("= (0x[0-9a-f]+)", said))
    saved, crashed, restored = seen
    if saved == crashed or saved != restored:
        raise Failed("the vector registers are not what they were at the snapshot")
    terminal.write("quit\n")
    terminal.read_until("\0")


def even(transcript: str) -> str:
    """A transcript without what differs from run to run and machine to machine."""
    for pattern, name in (
        (r"\$[xyz]mm3\.v\d_int64\[\d\]", "REGISTER"),
        (r"\b(AVX-512|AVX2|SSE2)\b", "ISA"),
        (r"worker=worker@entry=", "worker="),
        (r"\S*testsuite/demo/", ""),
        # GDB breaks the line before "at" where the path is long.
        (r"\s+at (?=crunch\.c)", " at "),
        (r"(?m) +$", ""),
        (r'"/\S*/libthread_db', '"libthread_db'),
        (r"0x[0-9a-f]+", "ADDRESS"),
        (r"\d+(\.\d+)? ?([KMGT]i?B|bytes|[mun]?s)\b", "AMOUNT"),
        (r"\d+\.\d+|\d{3,}", "NUMBER"),
    ):
        transcript = re.sub(pattern, name, transcript)
    return transcript


def check_readme(readme: Path, transcript: str) -> None:
    shown = BLOCK.search(readme.read_text())
    if not shown:
        raise Failed(f"{readme} has no transcript")
    if even(shown[0]) != even(transcript):
        raise Failed(f"the transcript in {readme} is another one: make readme")


def write_readme(readme: Path, transcript: str) -> None:
    lines = "".join(f"{line.rstrip()}\n" for line in transcript.splitlines())
    text, count = BLOCK.subn(lambda _: lines, readme.read_text())
    if count != 1:
        raise Failed(f"{readme} has no place for a transcript")
    readme.write_text(text)


def run(gdb: str, build: Path, is_installed: bool) -> str:
    """Show the session as it goes on, and return its transcript."""
    argv = [gdb, "-q", "testsuite/demo/crunch"]
    if not is_installed:
        argv[1:1] = ["-nx", "-x", "gdb-snapshot.py"]
    transcript = f"$ {shlex.join(['gdb', *argv[1:]])}\n"
    print(transcript, end="", flush=True)
    with tempfile.TemporaryDirectory() as home:
        terminal = Terminal(argv, build, home)
        try:
            for piece in play(terminal):
                print(piece, end="", flush=True)
                transcript += piece
        finally:
            terminal.close()
    return transcript


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the demonstration.")
    parser.add_argument("--gdb", default="gdb", help="the GDB to run")
    parser.add_argument("--build", type=Path, default=".", help="the build tree")
    parser.add_argument(
        "--installed", action="store_true", help="GDB has the commands by itself"
    )
    parser.add_argument(
        "--check", type=Path, metavar="README", help="compare the transcript in it"
    )
    parser.add_argument(
        "--write", type=Path, metavar="README", help="put the transcript into it"
    )
    args = parser.parse_args()
    try:
        transcript = run(args.gdb, args.build, args.installed)
        if args.check:
            check_readme(args.check, transcript)
        if args.write:
            write_readme(args.write, transcript)
    except Failed as problem:
        print(f"\ndemo: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
