# SPDX-License-Identifier: GPL-3.0-or-later
"""Drive a real GDB over pipes, one command at a time.

Every command is followed by an `echo` of a token that occurs nowhere else, so the end
of an answer is an event and nothing ever waits for a while.  GDB prints complaints on
its standard error: a command that must succeed fails the story when there is one.
"""

import json
import os
import re
import selectors
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Optional, Sequence, Union

from cpus import CPU

OPTIONS = ("set confirm off", "set pagination off", "set width 0", "set height 0")

# How long a command may take; other times are longer and shorter with it.
TIMEOUT = float(os.environ.get("SNAPSHOT_TEST_TIMEOUT", "60"))

# Complaints that are no errors: a warning, a source file that is not here, and a
# breakpoint in a library that is not loaded yet.
HARMLESS = re.compile(
    r"warning: .*|\d+\s.*: No such file or directory\.|Function .* not defined\.|\s*"
)

# What GDB puts before errors and warnings since 17 (`set style emoji`).
EMOJI = re.compile("^[\u274c\u26a0]\ufe0f? ", re.MULTILINE)

# What must never be seen, whatever a story does: promise 5.
SCANDALS = (
    "Traceback (most recent call last)",
    "Python Exception",
    "Error occurred in Python",
    "internal-error",
    "A problem internal to GDB",
)

# How GDB says that it came to a place; a function may have several.
ARRIVED = r"Temporary breakpoint \d+(\.\d+)?,"


class Failed(AssertionError):
    """GDB did not do what the story says it does."""


class Hung(Failed):
    """GDB did not answer in time."""


def stretched(seconds: float) -> float:
    """A time limit that is for machines where a command may take 60 seconds."""
    return seconds * TIMEOUT / 60


def environment(home: Path) -> dict[str, str]:
    """An environment in which nobody's settings reach GDB."""
    keep = ("PATH", "LANG", "TERM", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update(HOME=str(home), LC_ALL="C.UTF-8", DEBUGINFOD_URLS="")
    return env


def children(pid: int) -> list[int]:
    """The children of a process, whichever of its threads made them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return sorted(found)


def members(session: int) -> dict[int, str]:
    """The processes of a session, zombies too: their ids and names."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # Somebody else's name may be no text.
            stat = (entry / "stat").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        name, fields = stat[stat.index("(") + 1 :].rsplit(")", 1)
        if int(fields.split()[3]) == session:
            found[int(entry.name)] = name
    return found


class Debugger:
    """A GDB process, its pipes and the record of what was said."""

    def __init__(self, argv: Sequence[str], folder: Path, timeout: float) -> None:
        self.argv = list(argv)
        self.folder = folder
        self.timeout = timeout
        self.is_closed = False
        self.is_hung = False
        self.commands: list[str] = []
        self.transcript: list[str] = []
        self._texts = {"out": "", "err": ""}
        self.process = self.start_process(environment(folder))
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self._selector = selectors.DefaultSelector()
        for name, stream in (
            ("out", self.process.stdout),
            ("err", self.process.stderr),
        ):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ, name)

    def start_process(self, env: dict[str, str]) -> "subprocess.Popen[bytes]":
        """GDB, with streams of which the standard output is not waited for."""
        return subprocess.Popen(
            self.argv,
            cwd=self.folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def write(self, line: str) -> None:
        self.commands.append(line)
        self.transcript.append(f"> {line}\n")
        self.send(line)

    def send(self, line: str) -> None:
        """Give GDB a line that is not the story's."""
        assert self.process.stdin
        try:
            self.process.stdin.write(os.fsencode(line) + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"GDB is gone (exit {self.process.wait()})") from None

    def _receive(self, seconds: float) -> bool:
        """Take what has come; False when nothing came in that time."""
        events = self._selector.select(seconds)
        for key, _ in events:
            chunk = os.read(key.fd, 1 << 16)
            if not chunk:
                self._selector.unregister(key.fileobj)
                continue
            text = chunk.decode(errors="replace")
            self.transcript.append(text)
            self._texts[key.data] += text
        return bool(events)

    def read_until(self, pattern: str, timeout: Optional[float] = None) -> str:
        """What GDB prints up to and with a pattern."""
        seconds = stretched(timeout) if timeout else self.timeout
        end = time.monotonic() + seconds
        regex = re.compile(pattern)
        while True:
            match = regex.search(self._texts["out"])
            if match:
                text = self._texts["out"]
                self._texts["out"] = text[match.end() :]
                return text[: match.end()]
            if not self._selector.get_map():
                raise Failed(f"GDB is gone (exit {self.process.wait()})")
            if not self._receive(max(0.0, end - time.monotonic())):
                self.is_hung = True
                raise Hung(f"no {pattern!r} within {seconds:.0f} s")

    def take_complaints(self) -> str:
        """What came on the standard error so far.

        GDB writes it unbuffered and before the echo that ended the answer.
        """
        while self._receive(0):
            pass
        text, self._texts["err"] = self._texts["err"], ""
        return text

    def close(self) -> None:
        """End GDB, and with it the inferior: it is killed by the kernel at the latest
        (PTRACE_O_EXITKILL).  Whoever is left fails the story."""
        self.is_closed = True
        if self.process.poll() is None:
            try:
                if self.is_hung:
                    raise Failed("it will not listen")
                self.write(self.farewell)
                self.process.wait(timeout=stretched(20))
            except (Failed, subprocess.TimeoutExpired):
                self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self._selector.close()
        left = wait_for_end(self.process.pid, stretched(5))
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        if left:
            raise Failed(f"the story left processes behind: {left}")

    farewell = "quit"


def wait_for_end(session: int, seconds: float) -> dict[int, str]:
    """Wait until no process of a session is left; those that are after the time."""
    end = time.monotonic() + seconds
    while True:
        left = members(session)
        if not left or time.monotonic() > end:
            return left
        # A killed process disappears when its parent or init has reaped it; there is
        # a file descriptor for that event, one process at a time.
        pid = next(iter(left))
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            selector.select(max(0.0, end - time.monotonic()))
        os.close(fd)


class Gdb(Debugger):
    """GDB's command line.  Call it with a command to get the answer."""

    def __init__(self, argv: Sequence[str], folder: Path, timeout: float) -> None:
        super().__init__(argv, folder, timeout)
        self._token = 0
        self.output = folder / "inferior.out"
        for option in ("set prompt", *OPTIONS):
            self.ask(option)
        self.transcript.clear()
        # On aarch64 GDB has left one that has asked what ptrace() can do.
        self._born_with = children(self.process.pid)

    @property
    def has_started_nothing(self) -> bool:
        """There is no process, known to GDB or not, that was not there first."""
        return self.inferior == 0 and not self._new_children()

    def _new_children(self) -> list[int]:
        found = [
            child
            for child in children(self.process.pid)
            if child not in self._born_with
        ]
        # On POWER it asks that when it starts its first process.
        return found[1:] if CPU.kernels else found

    def ask(self, command: str, timeout: Optional[float] = None) -> tuple[str, str]:
        """Give a command; what it printed and what it complained."""
        self.write(command)
        self._token += 1
        token = f"--story-{self._token}--"
        self.send(f"echo {token}\\n")
        out = self.read_until(re.escape(token) + r"\n", timeout)
        out = out[: -len(token) - 1].replace("(gdb) ", "")
        err = EMOJI.sub("", self.take_complaints())
        for scandal in SCANDALS:
            if scandal in out + err:
                raise Failed(f"{command!r}: {scandal}:\n{out}{err}")
        return out, err

    def __call__(self, command: str, timeout: Optional[float] = None) -> str:
        """Give a command that must succeed; what it printed."""
        out, err = self.ask(command, timeout)
        errors = [line for line in err.splitlines() if not HARMLESS.fullmatch(line)]
        if errors or ("not defined." in err and " pending." not in out):
            raise Failed(f"{command!r} was refused: {' '.join(errors) or err}")
        return out

    def refuses(self, command: str, timeout: Optional[float] = None) -> str:
        """Give a command that must not succeed; the complaint, as one line."""
        out, err = self.ask(command, timeout)
        errors = [line for line in err.splitlines() if not HARMLESS.fullmatch(line)]
        if not errors:
            raise Failed(f"{command!r} was not refused: {out}")
        return " ".join(line.strip() for line in errors)

    def python(self, expression: str, timeout: Optional[float] = None) -> Any:
        """The value of a Python expression inside GDB, by way of JSON."""
        out = self(
            f"python import json; print('<<' + json.dumps({expression}) + '>>')",
            timeout,
        )
        match = re.search("<<(.*)>>", out, re.S)
        assert match, out
        return json.loads(match[1])

    def value(self, expression: str) -> Union[int, str]:
        """The value of an expression of the program's language."""
        text = self(f"output {expression}").strip()
        match = re.fullmatch(r"(-?\d+|0x[0-9a-f]+)( .*)?", text)
        return int(match[1], 0) if match else text

    def can_call(self, expression: str) -> bool:
        """Whether this GDB can call functions here: one without AMX on a machine with
        it cannot write the extended state, with or without us."""
        return "extended state" not in self.ask(f"output {expression}")[1]

    @property
    def inferior(self) -> int:
        """The id of the inferior's process; 0 when there is none."""
        pid = self.python("gdb.selected_inferior().pid")
        assert isinstance(pid, int)
        return pid

    @property
    def number(self) -> int:
        """The number of the breakpoint made last."""
        number = self.value("$bpnum")
        assert isinstance(number, int)
        return number

    def hits(self, number: int) -> int:
        """How often a breakpoint was hit."""
        hits = self.python(
            f"[b.hit_count for b in gdb.breakpoints() if b.number == {number}]"
        )
        return int(hits[0])

    def start(self, arguments: str = "", timeout: Optional[float] = None) -> str:
        """Run the program until it stops; its output goes to a file."""
        out = shlex.quote(str(self.output))
        return self(f"run {arguments} </dev/null >{out} 2>&1", timeout)

    def begin(self, until: str, hits: int = 1, arguments: str = "") -> str:
        """Run the program until the hits-th time that it comes to a place."""
        self(f"tbreak {until}")
        if hits > 1:
            self(f"ignore $bpnum {hits - 1}")
        return arrived(self.start(arguments))

    def go(self, until: str, hits: int = 1, timeout: Optional[float] = None) -> str:
        """Continue until the hits-th time that the program comes to a place."""
        self(f"tbreak {until}")
        if hits > 1:
            self(f"ignore $bpnum {hits - 1}")
        return arrived(self("continue", timeout))

    def look(self) -> dict[str, Any]:
        """Frames and registers of every thread by LWP: see look.py.

        What is the kernel's own is another one after any system call, whoever makes it.
        """
        self(f"source {Path(__file__).with_name('look.py')}")
        seen = self.python("look()")
        assert isinstance(seen, dict)
        for thread in seen.values():
            for name in CPU.kernels:
                thread["registers"].pop(name, None)
        return seen

    def picture(self) -> dict[str, str]:
        """What a person looks at after a stop."""
        commands = (
            "info threads",
            "thread",
            "frame",
            "info locals",
            "thread apply all -q bt",
            "info registers",
            "info sharedlibrary",
        )
        # The PC is shown where it is not at the beginning of a line: see CPU.restart.
        shown = {
            command: re.sub("0x[0-9a-f]+ in ", "", self(command))
            for command in commands
        }
        for name in CPU.kernels:
            shown["info registers"] = re.sub(
                rf"(?m)^{name} .*$", "", shown["info registers"]
            )
        return shown

    def finish_program(self, timeout: Optional[float] = None) -> int:
        """Continue to the program's end; its exit status."""
        self("delete breakpoints")
        out = self("continue", timeout)
        if "exited normally]" in out:
            return 0
        match = re.search(r"exited with code (\d+)\]", out)
        if not match:
            raise Failed(f"the program did not end: {out}{self.program_says()}")
        return int(match[1], 8)

    def program_says(self) -> str:
        """What the program has printed."""
        return self.output.read_text() if self.output.exists() else ""


def settled(seen: dict[str, Any]) -> dict[str, Any]:
    """What was looked at, without what tells an interrupted system call from one that
    starts again."""
    result = {}
    for lwp, thread in seen.items():
        registers = {
            name: value
            for name, value in thread["registers"].items()
            if name not in CPU.restart
        }
        names = [name for _, name in thread["frames"]]
        innermost = thread["frames"][0][0]
        callers = [frame for frame in thread["frames"] if frame[0] != innermost]
        result[lwp] = {"registers": registers, "names": names, "callers": callers}
    return result


def set_in_every_thread(gdb: Gdb, values: dict[str, int]) -> None:
    """Change registers as a user can: not by `thread apply`, which for each command
    looks at every thread's frames again and would take most of a test's time."""
    changes = [f"set var ${name} = {value}" for name, value in values.items()]
    gdb("python before = gdb.selected_thread()")
    gdb(
        "python for thread in gdb.selected_inferior().threads(): "
        f"thread.switch(); [gdb.execute(change) for change in {changes}]"
    )
    gdb("python before.switch()")


def arrived(out: str) -> str:
    """Check that a temporary breakpoint ended a run."""
    if not re.search(ARRIVED, out):
        raise Failed(f"the program did not come there: {out}")
    return out
