# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of the distribution, run undisturbed and run with three rewinds."""

import shlex
import subprocess
from pathlib import Path
from typing import Callable, Iterator

import pytest
from gdbdriver import environment, stretched
from serving import Server
from sessions import WRAP, LazyGdb


class Real:
    """One program, and what it prints when nobody disturbs it."""

    def __init__(self, gdb: LazyGdb, folder: Path) -> None:
        self.gdb = gdb
        self.folder = folder
        self.expected = b""

    def undisturbed(self, program: str, *arguments: str) -> bytes:
        """Run it without GDB; skip the story where it is not installed."""
        if subprocess.call([*WRAP, "test", "-x", program]) != 0:
            pytest.skip(f"{program} is not installed")
        done = subprocess.run(
            [*WRAP, program, *arguments],
            cwd=self.folder,
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=stretched(120),
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
        self.expected = done.stdout
        self.gdb.load(program)
        self.gdb("set breakpoint pending on")
        self.gdb("handle SIGUSR1 SIGUSR2 nostop noprint pass")
        return done.stdout

    def begin(self, until: str, hits: int, *arguments: str) -> None:
        """Run it in GDB into the middle of its work."""
        self.gdb.begin(until, hits, shlex.join(arguments))

    def rewind_thrice(self, go_on: Callable[[], object]) -> None:
        """Save here; go on, come back, three times."""
        self.gdb("snapshot save here")
        place = self.gdb.value("(long)$pc"), self.gdb.value("(long)$sp")
        # GDB gives another number of its own to a thread that is started again.
        lwp = "gdb.selected_thread().ptid[1]"
        thread = self.gdb.python(lwp)
        for _ in range(3):
            go_on()
            self.gdb("snapshot restore here")
            assert (self.gdb.value("(long)$pc"), self.gdb.value("(long)$sp")) == place
            assert self.gdb.python(lwp) == thread

    def ends_as_undisturbed(self) -> None:
        """Let it end: it has the same result."""
        assert self.gdb.finish_program(timeout=300) == 0
        assert self.gdb.output.read_bytes() == self.expected


@pytest.fixture
def real(gdb: LazyGdb, folder: Path) -> Real:
    return Real(gdb, folder)


@pytest.fixture
def server(gdb: LazyGdb, folder: Path) -> Iterator[Server]:
    made = Server(gdb, folder)
    yield made
    for client in made.clients:
        client.close()
