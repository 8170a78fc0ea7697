# SPDX-License-Identifier: GPL-3.0-or-later
"""Play the transcripts of pages in a real terminal, and compare or write them.

A transcript is a block in a page behind a mark:

    <!-- transcript: new tally.c -->        @c transcript: new tally.c
    ```text                                 @verbatim
    $ cc -g -o tally tally.c                ...
    $ gdb -q tally                          @end verbatim
    (gdb) break main
    ```

"new" starts a shell in an empty folder, with the files that are named copied there:
from doc/programs, or by their path in the source tree.  Without it the transcript goes
on where the one before it in the page has ended.  The lines behind a prompt are typed;
all others are what the terminal shows.  gdb is one that has gdb-snapshot installed.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import struct
import sys
import tempfile
import termios
from pathlib import Path
from typing import Iterator

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("SNAPSHOT_BUILD", ".")).resolve()
PROGRAMS = ROOT / "doc" / "programs"

PROMPTS = ("$ ", "(gdb) ", ">")
COLUMNS = 88
# Long enough for a loaded machine; a transcript takes a second or two.
PATIENCE = 120

BLOCK = re.compile(
    r"^(?P<mark><!-- transcript(?:: (?P<words>[^>\n]*?))? -->\n```text\n)"
    r"(?P<text>.*?)^```$"
    r"|^(?P<mark2>@c transcript(?:: (?P<words2>[^\n]*))?\n@verbatim\n)"
    r"(?P<text2>.*?)^@end verbatim$",
    re.M | re.S,
)


class Failed(Exception):
    """A transcript does not go as it must; one sentence."""


class Shell:
    """A shell on a terminal of its own, in a folder of its own."""

    def __init__(self, files: list[str]) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="transcript-"))
        self.folder = self.top / "work"
        self.folder.mkdir()
        (self.top / "home").mkdir()
        for file in files:
            near = PROGRAMS / file
            shutil.copy(near if near.exists() else ROOT / file, self.folder)
        self._write_gdb()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.folder)
            # No colours, nobody's own start-up files, no downloads.
            os.environ.update(
                TERM="dumb",
                HOME=str(self.top / "home"),
                DEBUGINFOD_URLS="",
                LC_ALL="C.UTF-8",
                PS1=PROMPTS[0],
                PS2=PROMPTS[2],
                PATH=f"{self.top}/bin:{BUILD}/cli:{os.environ['PATH']}",
            )
            for name in ("INPUTRC", "ENV", "MAKEFLAGS"):
                os.environ.pop(name, None)
            # What make hands on to its children is no business of the shell's.
            os.closerange(3, 4096)
            os.execvp("sh", ["sh", "-i"])
        size = struct.pack("HHHH", 0, COLUMNS, 0, 0)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, size)
        self.prompt = self._read()[1]

    def _write_gdb(self) -> None:
        """In a build tree the commands come from there; elsewhere from /etc."""
        gdb = os.environ.get("GDB", "gdb")
        script = self.top / "bin" / "gdb"
        script.parent.mkdir()
        loader = shlex.quote(f"source {BUILD}/gdb-snapshot.py")
        # Nobody is there to turn pages.
        options = f"-nx -iex 'set height 0' -iex {loader}"
        script.write_text(f'#!/bin/sh\nexec {gdb} {options} "$@"\n')
        script.chmod(0o755)

    def _read(self) -> tuple[str, str]:
        """What is shown up to the next prompt, and the prompt."""
        said = ""
        while True:
            if not select.select([self.fd], [], [], PATIENCE)[0]:
                raise Failed(
                    f"there was no prompt for {PATIENCE} seconds after: {said}"
                )
            said += os.read(self.fd, 65536).decode(errors="replace")
            said = said.replace("\r\n", "\n")
            for prompt in PROMPTS:
                if said == prompt or said.endswith("\n" + prompt):
                    return said[: -len(prompt)], prompt

    def type(self, prompt: str, command: str) -> str:
        """Type a line at a prompt; returns that line and what is shown behind it."""
        if prompt != self.prompt:
            raise Failed(
                f"the prompt is '{self.prompt}' where '{command}' is to be typed"
            )
        os.write(self.fd, f"{command}\n".encode())
        said, self.prompt = self._read()
        return prompt + said

    def close(self) -> None:
        # The terminal hangs up: all that runs there ends.
        os.close(self.fd)
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.top)


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The lines that are typed, with their prompts."""
    for line in text.splitlines():
        for prompt in PROMPTS:
            if line.startswith(prompt):
                yield prompt, line.removeprefix(prompt)


def even(transcript: str) -> str:
    """A transcript without what differs from run to run and machine to machine."""
    for pattern, name in (
        # GDB 13 knows Intel's layout of XSAVE areas only, and says so of AMD's.
        (r"\n?warning: Section `.reg-xstate/\d+' in core file too small\.\n", ""),
        # GDB breaks a line where it is too long.
        (r"\n    (?=at |\()", " "),
        (r"(?m) +$", ""),
        (r'"/\S*/libthread_db', '"libthread_db'),
        (r"(?m)^(Taken|CPU|Kernel|Host|UUID): .*$", r"\1: MACHINE"),
        (r"0x[0-9a-f]+", "ADDRESS"),
        (r"\d+(\.\d+)? ?([KMGT]i?B|bytes|[mun]?s)\b", "AMOUNT"),
        (r"\d+\.\d+|\d{3,}", "NUMBER"),
    ):
        transcript = re.sub(pattern, name, transcript)
    return transcript


def play(page: Path) -> Iterator[tuple[re.Match[str], str]]:
    """Each block of a page, and what it shows today."""
    shell = None
    try:
        for block in BLOCK.finditer(page.read_text()):
            kind, *files = (block["words"] or block["words2"] or "on").split()
            if kind == "new":
                if shell:
                    shell.close()
                shell = Shell(files)
            if shell is None:
                raise Failed(f"the first transcript of {page.name} is not a new one")
            text = block["text"] or block["text2"] or ""
            typed = list(commands(text))
            if not typed:
                raise Failed(f"a transcript of {page.name} types nothing")
            shown = "".join(shell.type(*line) for line in typed)
            # Where it was played is of no interest, and long.
            yield block, shown.replace(str(shell.folder), "/tmp/work")
    finally:
        if shell:
            shell.close()


def check(page: Path) -> int:
    """Compare a page with what its transcripts show today; returns how many it has."""
    number = 0
    for number, (block, shown) in enumerate(play(page), 1):
        said = block["text"] or block["text2"]
        assert even(said) == even(shown), f"make transcripts writes {page.name} anew"
    return number


def write(page: Path) -> None:
    text = page.read_text()
    for block, shown in reversed(list(play(page))):
        end = "```" if block["mark"] else "@end verbatim"
        lines = "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
        mark = block["mark"] or block["mark2"]
        text = text[: block.start()] + mark + lines + end + text[block.end() :]
    page.write_text(text)


def pages() -> list[Path]:
    """Those that have transcripts."""
    found = [*(ROOT / "doc").glob("*.md"), *(ROOT / "doc" / "manual").glob("*.texi")]
    return [page for page in sorted(found) if BLOCK.search(page.read_text())]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the transcripts of pages anew.")
    parser.add_argument("page", type=Path, nargs="*", help="all that have some")
    try:
        for page in parser.parse_args().page or pages():
            write(page)
    except Failed as problem:
        print(f"transcripts: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
