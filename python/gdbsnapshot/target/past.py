# SPDX-License-Identifier: GPL-3.0-or-later
"""
A second GDB, which looks at snapshots: the user's one notices nothing of it.

It is the same program with the same symbols and settings.  It debugs a stub over the
remote protocol (stub.py) that answers from the store, from within this process: nothing
is written out, and only what is looked at is read.
"""

import json
import os
import selectors
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Optional, Sequence

import gdb

from .. import core
from ..problem import Problem
from ..store import Entry, Place
from ..stub import Stub
from ..variables import Variable
from .console import text_of

_SETTINGS = (
    "auto-load safe-path",
    "debug-file-directory",
    "disassembly-flavor",
    "language",
    "max-value-size",
    "output-radix",
    "input-radix",
    "print address",
    "print array",
    "print array-indexes",
    "print characters",
    "print demangle",
    "print elements",
    "print entry-values",
    "print finish",
    "print frame-arguments",
    "print frame-info",
    "print inferior-events",
    "print max-depth",
    "print nibbles",
    "print null-stop",
    "print object",
    "print pascal_static-members",
    "print pretty",
    "print raw-frame-arguments",
    "print repeats",
    "print sevenbit-strings",
    "print static-members",
    "print symbol",
    "print symbol-filename",
    "print type methods",
    "print union",
    "print vtbl",
    "solib-search-path",
    "target-charset",
)
"""The user's settings that are about values and symbols; not all are in each GDB."""


class _Peer:
    """The other GDB, connected to the stub."""

    def __init__(self, process: object, place: Place) -> None:
        self._of = process
        self._stub = Stub(place.description, place.auxv)
        self._shown: "Optional[tuple[str, int, int]]" = None
        self._selector = selectors.DefaultSelector()
        self._wire: Optional[socket.socket] = None
        self._replies = b""
        self._settings = _settings()
        self._start()

    def _start(self) -> None:
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        script = Path(__file__).with_name("peer.py")
        environment = {
            **os.environ,
            "GDB_SNAPSHOT_OF": str(os.getpid()),
            "GDB_SNAPSHOT_IN": str(in_read),
            "GDB_SNAPSHOT_OUT": str(out_write),
            "GDB_SNAPSHOT_PYTHON": str(script.parents[2]),
        }
        command = [os.readlink("/proc/self/exe"), "-nx", "-q", "-batch"]
        command += ["--data-directory", str(gdb.parameter("data-directory"))]
        command += ["-x", str(script)]
        self._process = subprocess.Popen(
            command,
            executable="/proc/self/exe",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(in_read, out_write),
            env=environment,
            start_new_session=True,
        )
        os.close(in_read)
        os.close(out_write)
        self._requests = os.fdopen(in_write, "wb", buffering=0)
        self._answers = os.fdopen(out_read, "rb", buffering=0)
        self._selector.register(self._answers, selectors.EVENT_READ)

    def connect(self, entry: Entry) -> None:
        """Let the other GDB meet the process for the first time."""
        self._show(entry)
        for setting in self._settings:
            self.ask("execute", command=f"set {setting}")
        self.ask("load", scripts=_printers())
        program = gdb.current_progspace().filename
        if program:
            self.ask("execute", command=f"file {program}")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen(1)
                self._selector.register(listener, selectors.EVENT_READ)
                try:
                    self.ask("execute", command=f"target remote {path}")
                finally:
                    self._selector.unregister(listener)

    def show(self, entry: Entry) -> None:
        """Let the other GDB look at a snapshot, in the frame that was selected."""
        wanted = (entry.snapshot.uuid, entry.place.thread, entry.place.level)
        if self._shown != wanted:
            self._show(entry)
            place = entry.place
            self.ask(
                "select",
                tid=self._tid(entry),
                level=place.level,
                inlined=place.inlined,
            )
            self._shown = wanted

    def _tid(self, entry: Entry) -> int:
        return entry.place.thread or entry.snapshot.current_tid

    def _show(self, entry: Entry) -> None:
        self._shown = None
        core.settle(entry.snapshot)
        self._stub.show(entry.snapshot, self._tid(entry))

    def ask(self, action: str, **arguments: object) -> dict[str, Any]:
        """Have something done there, and answer its questions meanwhile."""
        request = json.dumps({"action": action, **arguments}) + "\n"
        try:
            self._requests.write(request.encode())
            while b"\n" not in self._replies:
                for key, _ in self._selector.select():
                    self._serve(key.fileobj)
        except OSError as error:
            raise Problem(
                f"the GDB that looks at snapshots is gone: {error.strerror}"
            ) from None
        line, _, self._replies = self._replies.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _serve(self, source: object) -> None:
        if source is self._answers:
            data = self._answers.read(1 << 16)
            if not data:
                raise Problem("the GDB that looks at snapshots has ended")
            self._replies += data
        elif source is self._wire:
            assert self._wire
            data = self._wire.recv(1 << 16)
            if data:
                self._wire.sendall(self._stub.feed(data))
            else:
                self._selector.unregister(self._wire)
        elif isinstance(source, socket.socket):
            self._wire, _ = source.accept()
            self._selector.register(self._wire, selectors.EVENT_READ)

    def close(self) -> None:
        """It ends when nobody can ask it anything more."""
        self._requests.close()
        if self._wire:
            self._wire.close()
        self._process.kill()
        self._process.wait()
        self._answers.close()
        self._selector.close()

    def is_fit(self, process: object) -> bool:
        return (
            self._of == process
            and self._settings == _settings()
            and self._process.poll() is None
        )


_peers: list[_Peer] = []
"""None or one, which is kept for the next question."""


def forget() -> None:
    """End the other GDB."""
    while _peers:
        _peers.pop().close()


def execute(entry: Entry, command: str) -> str:
    """What a command of GDB says where a snapshot was taken."""
    return str(_ask(entry, "execute", command=command)["text"])


def backtraces(entry: Entry) -> list[str]:
    """What `backtrace` says of each thread, in the order of the snapshot's."""
    tids = [thread["tid"] for thread in entry.snapshot.threads()]
    return list(_ask(entry, "backtraces", tids=tids)["texts"])


def evaluate(entry: Entry, expression: str, is_condition: bool) -> tuple[str, bool]:
    """An expression's value as text, and whether it is true, where asked for."""
    answer = _ask(entry, "evaluate", expression=expression, is_condition=is_condition)
    return str(answer["text"]), bool(answer["true"])


def variables(
    entry: Entry, ranges: Sequence[tuple[int, int]], tids: Sequence[int], most: int
) -> list[Variable]:
    """
    What lies in ranges of memory, and in registers of threads' frames, at most so many.
    """
    answer = _ask(entry, "variables", ranges=ranges, tids=tids, most=most)
    return [Variable(*row) for row in answer["rows"]]


def check(entry: Entry) -> None:
    """Raise Problem unless the other GDB can look at a snapshot."""
    if not entry.place.description:
        raise Problem(
            f"snapshot {entry.name} was read from a file, and is not looked at so",
            f"Open the file in another GDB: gdb PROGRAM {entry.file or 'FILE'}",
        )


def _ask(entry: Entry, action: str, **arguments: object) -> dict[str, Any]:
    try:
        peer = _peer(entry)
        peer.show(entry)
        answer = peer.ask(action, **arguments)
    except BaseException:
        # It may still be about to answer.
        forget()
        raise
    if "error" in answer:
        raise Problem(str(answer["error"]).rstrip("."))
    return answer


def _peer(entry: Entry) -> _Peer:
    check(entry)
    # A library that was loaded since is a reason to begin anew.
    libraries = [
        (each["start"], each["name"], each["offset"])
        for each in entry.snapshot.mappings()
        if "x" in each["prot"] and each["contents"] == "file"
    ]
    process = (entry.pid, entry.place.auxv, libraries)
    if _peers and not _peers[0].is_fit(process):
        forget()
    if not _peers:
        peer = _Peer(process, entry.place)
        _peers.append(peer)
        peer.connect(entry)
    return _peers[0]


def _settings() -> list[str]:
    found = ["sysroot " + (_sysroot() or "/"), "stack-cache off", "code-cache off"]
    for name in _SETTINGS:
        try:
            value = gdb.parameter(name)
        except RuntimeError:
            continue
        if value is None:
            value = "unlimited"
        elif isinstance(value, bool):
            value = "on" if value else "off"
        found.append(f"{name} {value}")
    for line in text_of("show substitute-path").splitlines():
        words = line.split("'")
        if "->" in line and len(words) == 5:
            found.append(f"substitute-path {words[1]} {words[3]}")
    return found


def _sysroot() -> str:
    sysroot = str(gdb.parameter("sysroot") or "")
    return "" if sysroot.startswith("target:") else sysroot


def _printers() -> list[str]:
    """Files with the pretty-printers that were not loaded with a library."""
    found = []
    for printer in gdb.pretty_printers + gdb.current_progspace().pretty_printers:
        code = getattr(printer, "__code__", None)
        name = code.co_filename if code else _module_file(printer)
        if name and os.path.isfile(name) and name not in found:
            found.append(name)
    return found


def _module_file(printer: object) -> str:
    import sys

    module = sys.modules.get(type(printer).__module__)
    return str(getattr(module, "__file__", None) or "")
