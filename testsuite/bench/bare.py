# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the module without GDB: threads, rewinds, sizes.  Prints JSON.

Usage: bare.py BUILD MIB RUNS [--quick]
"""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import measures  # noqa: E402

STOP = signal.SIGUSR1
SMALL_MIB = 1
SMALL_PAGES = 50
SECONDS = 2.0


def load_module(build: Path) -> ModuleType:
    path = build / "gdbext" / "_snapshot.so"
    spec = importlib.util.spec_from_file_location("_snapshot", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["_snapshot"] = module
    spec.loader.exec_module(module)
    return module


def addresses(program: Path) -> dict[str, int]:
    """Of all its symbols: it is linked to a fixed address."""
    listed = subprocess.run(["nm", program], check=True, capture_output=True, text=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


class Bare:
    """The program under the module's own small tracer."""

    def __init__(self, snap: ModuleType, program: Path, mib: int, threads: int) -> None:
        self._snap = snap
        self._snapshots: list[Any] = []
        self.pid: int = snap.spawn([str(program), str(mib), str(threads)])
        self.go()

    def go(self) -> None:
        stopped_by = self._snap.run_until(self.pid, [STOP])
        assert stopped_by == STOP, stopped_by

    def save(self) -> Any:
        self._snapshots.append(self._snap.capture(self.pid))
        return self._snapshots[-1]

    def restore(self, snapshot: Any) -> None:
        self._snap.restore(self.pid, snapshot)

    def forget(self) -> None:
        self._snapshots.clear()

    def settle(self, snapshot: Any) -> None:
        if hasattr(snapshot, "settle"):
            snapshot.settle()
        measures.wait_for_spare(self._snap)

    def end(self) -> None:
        self.forget()
        self._snap.kill(self.pid)


def rewinds(bench: measures.Bench, pages: int) -> float:
    """How many times a second the program runs a round and is put back."""
    process = bench.process
    bench.variables.set(process.pid, "pages", pages)
    before = process.save()
    process.settle(before)
    nr, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        process.go()
        process.restore(before)
        nr += 1
    return nr / (time.perf_counter() - start)


def main() -> None:
    build, mib, runs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    is_quick = "--quick" in sys.argv
    program = build / "testsuite" / "bench" / "load"
    snap = load_module(build)
    variables = measures.Variables(addresses(program))

    def start(size: int, threads: int) -> tuple[Bare, measures.Bench]:
        process = Bare(snap, program, size, threads)
        return process, measures.Bench(process, variables, runs)

    found: dict[str, Any] = {"threads": {}, "sizes": {}}
    process, bench = start(SMALL_MIB, 1)
    found["rewinds"] = rewinds(bench, SMALL_PAGES)
    process.end()

    # On one CPU: what a thread costs, and not how far away it is woken.
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    for threads in (1, 16, 64, 256):
        process, bench = start(SMALL_MIB, threads)
        found["threads"][threads] = {
            "save": bench.saves(0),
            "restore": bench.restores(0),
        }
        process.end()
    os.sched_setaffinity(0, cpus)

    process, bench = start(mib, 1)
    found["first_save"] = bench.first_saves()
    found["dirty"] = bench.sweep([0, 1000])
    found["first_writes"] = bench.first_writes(10000)
    found["store_snapshots"] = 10 if is_quick else 100
    found["store"] = bench.store(found["store_snapshots"], 1000)
    process.end()

    for size in [mib // 16, mib // 4, mib] + ([] if is_quick else [4 * mib]):
        process, bench = start(size, 1)
        found["sizes"][size] = bench.sweep([0, 1000])
        process.end()
    json.dump(found, sys.stdout)


main()
