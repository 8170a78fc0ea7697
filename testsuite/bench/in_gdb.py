# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure inside GDB: ours, checkpoint, restart, gcore, on one process.  Writes JSON.

Environment: BENCH_PLAN, JSON: build, mib, runs, folder, out, dirtied.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Optional

import gdb

PLAN = json.loads(os.environ["BENCH_PLAN"])
BUILD = Path(PLAN["build"])
sys.path.insert(0, PLAN["here"])

import measures  # noqa: E402


def execute(command: str) -> str:
    text: str = gdb.execute(command, to_string=True)
    return text


class InGdb:
    """The program as GDB's inferior."""

    def __init__(self) -> None:
        self._nr = 0

    @property
    def pid(self) -> int:
        return int(gdb.selected_inferior().pid)

    def go(self) -> None:
        execute("continue")
        assert self.pid, "the program has ended"

    def save(self) -> str:
        self._nr += 1
        execute(f"snapshot save bench-{self._nr}")
        return f"bench-{self._nr}"

    def restore(self, snapshot: str) -> None:
        execute(f"snapshot restore {snapshot}")

    def forget(self) -> None:
        if "no snapshots" not in execute("snapshot list"):
            execute("snapshot delete -all")

    def settle(self, snapshot: str) -> None:
        import gdbsnapshot

        held = gdbsnapshot.find(snapshot).snapshot
        if hasattr(held, "settle"):
            held.settle()
        measures.wait_for_spare(sys.modules["_snapshot"])


def newest_checkpoint() -> str:
    lines = execute("info checkpoints").splitlines()
    numbers = [line.lstrip("* ").split()[0] for line in lines if line.strip()]
    return max(numbers, key=int)


def checkpoints(bench: measures.Bench) -> dict[str, list[float]]:
    """Each after 1000 pages were written to; `restart` goes to it."""
    saves, restores = [], []
    for _ in range(bench.runs):
        bench.dirty(1000)
        saves.append(measures.timed(lambda: execute("checkpoint"))[0])
        number = newest_checkpoint()
        bench.dirty(1000)
        restores.append(measures.timed(lambda: execute(f"restart {number}"))[0])
        execute("restart 0")
        execute(f"delete checkpoint {number}")
    return {"checkpoint": saves, "restart": restores}


def images(bench: measures.Bench, folder: Path) -> dict[str, list[float]]:
    """Files of the same process, in turns, in the same folder."""
    cores, exports = [], []
    held = bench.process.save()
    bench.process.settle(held)
    for _ in range(bench.runs):
        core, image = folder / "core", folder / "image"
        cores.append(measures.timed(lambda: execute(f"gcore {core}"))[0])
        core.unlink()
        exports.append(
            measures.timed(lambda: execute(f"snapshot export {held} {image}"))[0]
        )
        image.unlink()
    bench.process.forget()
    return {"gcore": cores, "export": exports}


def revivals(bench: measures.Bench, folder: Path) -> dict[str, list[float]]:
    """
    An image becomes a process, and is copied, in turns: its file is in memory.

    The process of the other measures is gone afterwards.
    """
    image, copy = folder / "image", folder / "copy"
    execute(f"snapshot save revived -file {image}")
    execute("snapshot delete -all")
    copies, restores = [], []
    for _ in range(bench.runs):
        words = ["cp", image, copy]
        copies.append(measures.timed(lambda: subprocess.run(words, check=True))[0])
        copy.unlink()
        execute("kill")
        restores.append(measures.timed(lambda: execute(f"snapshot restore {image}"))[0])
    image.unlink()
    return {"copy": copies, "restore": restores}


def attempt(what: Callable[[], Any]) -> tuple[Optional[Any], Optional[str]]:
    """A result, or why there is none."""
    try:
        return what(), None
    except gdb.error as error:
        return None, str(error)


def start(program: Path) -> measures.Bench:
    for command in (
        "set pagination off",
        "set confirm off",
        "handle SIGUSR1 stop print nopass",
        f"source {BUILD / 'gdb-snapshot.py'}",
        f"file {program}",
        f"run {PLAN['mib']} 1",
    ):
        execute(command)
    addresses = {
        name: int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
        for name in ("pages", "round_ns")
    }
    return measures.Bench(InGdb(), measures.Variables(addresses), PLAN["runs"])


def main() -> dict[str, Any]:
    bench = start(BUILD / "testsuite" / "bench" / "load")
    parts: dict[str, Callable[[], Any]] = {
        "first_save": bench.first_saves,
        "dirty": lambda: bench.sweep(PLAN["dirtied"]),
        "images": lambda: images(bench, Path(PLAN["folder"])),
        "checkpoints": lambda: checkpoints(bench),
        "revivals": lambda: revivals(bench, Path(PLAN["folder"])),
    }
    found: dict[str, Any] = {"gdb": gdb.VERSION, "problems": {}}
    for part in PLAN["parts"]:
        found[part], problem = attempt(parts[part])
        if problem:
            found["problems"][part] = problem
    return found


Path(PLAN["out"]).write_text(json.dumps(main()))
# Whatever state GDB is in: who started this GDB ends its processes.
os._exit(0)
