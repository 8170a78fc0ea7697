# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine says of two images of a program, with every command that looks."""

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

BUILD = Path(os.environ.get("SNAPSHOT_BUILD", ".")).resolve()
COMMAND = BUILD / "cli" / "gdb-snapshot"
GDB = os.environ.get("GDB", "gdb")
SECTIONS = ("", "-threads", "-registers", "-memory", "-state")


@contextmanager
def place(cpu: str) -> Iterator[Path]:
    """The folder where images of a CPU are made and read: their text has its name.

    Whoever runs this at the same time, as any user, waits.
    """
    folder = Path("/tmp/gdb-snapshot-images") / cpu
    lock = os.open("/tmp", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if folder.parent.exists():
            shutil.rmtree(folder.parent)
        folder.mkdir(parents=True)
        yield folder
        shutil.rmtree(folder.parent)
    finally:
        os.close(lock)


def run(*words: object) -> str:
    """What a command says, and how it ends."""
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", "DEBUGINFOD_URLS": ""},
    )
    return f"{done.stdout}exit status {done.returncode}\n"


def gdb(*commands: str) -> str:
    """The commands in a GDB that has the extension loaded, each before its answer."""
    words = [GDB, "-nx", "-batch", "-x", str(BUILD / "gdb-snapshot.py")]
    words += ["-ex", "set width 0", "-ex", "set confirm off"]
    for command in commands:
        words += ["-ex", f"echo \\n(gdb) {command}\\n", "-ex", command]
    return run(*words)


def tell(folder: Path) -> str:
    """All that is said."""
    one, two = folder / "one.core", folder / "two.core"
    machine = folder / "machine.json"
    shown = [f"snapshot show {two} {section}" for section in SECTIONS]
    compared = [f"snapshot diff {one} {two} {section}" for section in SECTIONS]
    checked = [f"snapshot check {two} -cpu {machine}"]
    texts = [gdb(*shown, *compared, *checked)]
    for words in (
        ["show", "--registers", "--memory", two],
        ["check", two, "--cpu", machine],
        ["check", "--json", two, "--cpu", machine],
        ["cpu", machine],
    ):
        line = " ".join(map(str, words))
        texts.append(f"$ gdb-snapshot {line}\n{run(COMMAND, *words)}")
    return "\n".join(texts)
