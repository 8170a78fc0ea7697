"""Fixtures of the GDB stories: see README.md."""

import os
import re
import shlex
import stat
from pathlib import Path
from typing import Callable, Iterator, Optional, Sequence

import pytest
from gdbdriver import Debugger, Failed, Gdb
from midriver import MiGdb

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("SNAPSHOT_BUILD", HERE.parents[1] / "build")).resolve()
GDB = os.environ.get("GDB", "gdb")
WRAP = shlex.split(os.environ.get("SNAPSHOT_TEST_WRAP", ""))
TIMEOUT = float(os.environ.get("SNAPSHOT_TEST_TIMEOUT", "60"))
SCRIPT = BUILD / "gdb-snapshot.py"

Target = Callable[[str], Path]


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

    def mi(self, *words: object) -> MiGdb:
        options = ["-i=mi3", "-x", str(SCRIPT)]
        session = MiGdb(self.argv(options, words), self.folder, TIMEOUT)
        self.started.append(session)
        return session

    def close(self) -> None:
        problems = []
        for session in self.started:
            try:
                session.close()
            except Failed as problem:
                problems.append(str(problem))
        if problems:
            raise Failed("; ".join(problems))

    def report(self) -> Iterator[tuple[str, str]]:
        for number, session in enumerate(self.started, 1):
            script = self.folder / f"replay-{number}.gdb"
            script.write_text("".join(f"{line}\n" for line in session.commands))
            said = re.sub(r"--story-\d+--\n", "", "".join(session.transcript))
            yield f"what was said to GDB {number}", said[-20000:]
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


def open_for_others(folder: Path) -> None:
    """Let the other user, as whom SNAPSHOT_TEST_WRAP may run GDB, work there."""
    folder.chmod(0o777)
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if parent.owner() == folder.owner() and not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH | stat.S_IROTH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the story's own, where GDB and the program run."""
    if WRAP:
        open_for_others(tmp_path)
    return tmp_path


@pytest.fixture
def sessions(request: pytest.FixtureRequest, folder: Path) -> Iterator[Sessions]:
    """Makes as many debuggers as a story needs."""
    made = Sessions(folder)
    request.node.sessions = made
    yield made
    made.close()


@pytest.fixture
def gdb(sessions: Sessions) -> LazyGdb:
    """A GDB that has the extension loaded."""
    return LazyGdb(sessions)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    """Finds a target program by its stem, in the story's group first."""
    group = request.path.parent.relative_to(HERE)
    root = BUILD / "testsuite" / "gdb"

    def find(stem: str) -> Path:
        near = root / group / f"{stem}.story"
        if near.exists():
            return near
        found = sorted(root.rglob(f"{stem}.story"))
        assert found, f"no target program {stem}: run make check once"
        return found[0]

    return find


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Iterator[None]:
    """Add the transcript and the replay command to the report of a failed story."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    sessions = getattr(item, "sessions", None)
    if report.failed and sessions is not None:
        report.sections += sessions.report()
