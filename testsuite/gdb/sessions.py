# SPDX-License-Identifier: GPL-3.0-or-later
"""The debuggers of one story: what they are started with, and how to replay them."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Iterator, Optional, Sequence

from dapdriver import DapGdb
from gdbdriver import TIMEOUT, Debugger, Failed, Gdb
from midriver import MiGdb
from tuidriver import TuiGdb

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("SNAPSHOT_BUILD", HERE.parents[1] / "build")).resolve()
GDB = os.environ.get("GDB", "gdb")
WRAP = shlex.split(os.environ.get("SNAPSHOT_TEST_WRAP", ""))
SCRIPT = BUILD / "gdb-snapshot.py"


def version() -> int:
    """The major version of GDB."""
    words = [*WRAP, GDB, "-nx", "--version"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)\.\d+", said.splitlines()[0])
    assert match, said
    return int(match[1])


class Sessions:
    """Makes the debuggers of one story, ends them, and tells how to replay them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Debugger] = []

    def argv(self, options: Sequence[str], words: Sequence[object]) -> list[str]:
        base = [GDB, "-nx", "-q", *options]
        return [*WRAP, *base, *(str(word) for word in words)]

    def gdb(self, *words: object, load: bool = True) -> Gdb:
        options = ["-x", str(SCRIPT)] if load else []
        session = Gdb(self.argv(options, words), self.folder, TIMEOUT)
        self.started.append(session)
        return session

    def mi(self, *words: object, load: bool = True) -> MiGdb:
        options = ["-i=mi3", *(["-x", str(SCRIPT)] if load else [])]
        session = MiGdb(self.argv(options, words), self.folder, TIMEOUT)
        self.started.append(session)
        return session

    def dap(self, *words: object) -> DapGdb:
        session = self.adapter(["-i=dap", "-x", str(SCRIPT), *words])
        session.hello(adapterID="story")
        return session

    def adapter(self, words: Sequence[object]) -> DapGdb:
        """GDB as an editor starts it, which has not said anything yet."""
        session = DapGdb(self.argv([], words), self.folder, TIMEOUT)
        self.started.append(session)
        return session

    def tui(self, *words: object) -> TuiGdb:
        options = ["-tui", "-x", str(SCRIPT)]
        session = TuiGdb(self.argv(options, words), self.folder, TIMEOUT)
        self.started.append(session)
        return session

    def close(self) -> None:
        problems = []
        for session in self.started:
            if session.is_closed:
                continue
            try:
                session.close()
            except Failed as problem:
                problems.append(str(problem))
        if problems:
            raise Failed("; ".join(problems))

    def report(self) -> Iterator[tuple[str, str]]:
        for number, session in enumerate(self.started, 1):
            script = self.folder / f"replay-{number}.gdb"
            script.write_bytes(os.fsencode("\n".join([*session.commands, ""])))
            said = re.sub(r"--story-\d+--\n", "", "".join(session.transcript))
            # Names of files may be bytes that are no text.
            said = os.fsencode(said).decode(errors="replace")
            lines = [line[:300] for line in said.splitlines()]
            yield f"what was said to GDB {number}", "\n".join(lines[-200:])
            words = ["env", f"HOME={self.folder}", "DEBUGINFOD_URLS=", *session.argv]
            command = shlex.join(words) + f" < {shlex.quote(str(script))}"
            where = shlex.quote(str(self.folder))
            yield f"replay GDB {number} with", f"cd {where} && {command}"
        output = self.folder / "inferior.out"
        if output.exists() and output.stat().st_size:
            text = output.read_text(errors="replace")
            yield "what the program said", text[-4000:]


class LazyGdb:
    """The usual one GDB of a story: started by the first thing asked of it."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._gdb: Optional[Gdb] = None

    def load(self, program: object, *options: object) -> Gdb:
        """Start GDB on a program."""
        assert self._gdb is None, "this story's GDB has been started"
        self._gdb = self._sessions.gdb(*options, program)
        return self._gdb

    def run(
        self, program: object, until: str, hits: int = 1, arguments: str = ""
    ) -> str:
        """Start GDB on a program and run it to a place."""
        return self.load(program).begin(until, hits, arguments)

    def __call__(self, command: str, timeout: Optional[float] = None) -> str:
        if self._gdb is None:
            self._gdb = self._sessions.gdb()
        return self._gdb(command, timeout)

    def __getattr__(self, name: str) -> object:
        if self._gdb is None:
            self._gdb = self._sessions.gdb()
        return getattr(self._gdb, name)
