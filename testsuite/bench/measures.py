# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of a process, whoever traces it: lists of seconds, by name."""

import os
import statistics
import struct
import time
from pathlib import Path
from typing import Any, Callable, Protocol

Samples = list[float]


class Process(Protocol):
    """The program load.c, stopped by its own signal."""

    @property
    def pid(self) -> int:
        ...

    def go(self) -> None:
        """Let it run a round."""

    def save(self) -> Any:
        """Take a snapshot and keep it."""

    def restore(self, snapshot: Any) -> None:
        ...

    def forget(self) -> None:
        """Delete all snapshots."""

    def settle(self, snapshot: Any) -> None:
        """Wait until nothing of a snapshot is copied any more, and nothing is made."""


def wait_for_spare(module: Any) -> None:
    """Until the pages that the next save may take are there: a user is no loop."""
    while module.store()["coming"]:
        time.sleep(0.001)


class Variables:
    """Variables of the program, by their addresses."""

    def __init__(self, addresses: dict[str, int]) -> None:
        self._addresses = addresses

    def set(self, pid: int, name: str, value: int) -> None:
        with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
            memory.seek(self._addresses[name])
            memory.write(struct.pack("=Q", value))

    def get(self, pid: int, name: str) -> int:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(self._addresses[name])
            (value,) = struct.unpack("=Q", memory.read(8))
        return int(value)


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    before = time.perf_counter()
    result = what()
    return time.perf_counter() - before, result


class Bench:
    """Rounds of one process."""

    def __init__(self, process: Process, variables: Variables, runs: int) -> None:
        self.process = process
        self.variables = variables
        self.runs = runs

    def dirty(self, pages: int) -> float:
        """Let the program write to so many pages; seconds for each of them."""
        self.variables.set(self.process.pid, "pages", pages)
        self.process.go()
        return self.variables.get(self.process.pid, "round_ns") / 1e9 / max(pages, 1)

    def first_saves(self) -> Samples:
        """Nothing is known of the process: the stop time of the whole."""
        samples = []
        for _ in range(self.runs):
            self.process.forget()
            self.dirty(1)
            seconds, snapshot = timed(self.process.save)
            samples.append(seconds)
            self.process.settle(snapshot)
            del snapshot  # Whoever holds one keeps the process tracked.
        return samples

    def saves(self, pages: int) -> Samples:
        """Each after so many pages were written to."""
        self.process.forget()
        self.process.settle(self.process.save())
        samples = []
        for _ in range(self.runs):
            self.dirty(pages)
            seconds, snapshot = timed(self.process.save)
            samples.append(seconds)
            self.process.settle(snapshot)
        return samples

    def restores(self, pages: int) -> Samples:
        """Each after so many pages were written to."""
        self.process.forget()
        before = self.process.save()
        self.process.settle(before)
        samples = []
        for _ in range(self.runs):
            self.dirty(pages)
            samples.append(timed(lambda: self.process.restore(before))[0])
            self.process.settle(before)
        return samples

    def first_writes(self, pages: int) -> dict[str, float]:
        """Seconds for each page: plain, and the first and the second when tracked."""
        self.process.forget()
        self.dirty(pages)
        plain = [self.dirty(pages) for _ in range(self.runs)]
        tracked, second = [], []
        for _ in range(self.runs):
            self.process.settle(self.process.save())
            tracked.append(self.dirty(pages))
            second.append(self.dirty(pages))
        self.process.forget()
        return {
            "plain": statistics.median(plain),
            "first": statistics.median(tracked),
            "second": statistics.median(second),
        }

    def store(self, snapshots: int, pages: int) -> int:
        """Bytes of our own memory that so many snapshots take, with as many pages."""
        self.process.forget()
        before = own_memory()
        for _ in range(snapshots):
            snapshot = self.process.save()
            self.process.settle(snapshot)
            self.dirty(pages)
        size = own_memory() - before
        self.process.forget()
        return size

    def sweep(self, dirtied: list[int]) -> dict[str, dict[str, Samples]]:
        return {
            str(pages): {
                "save": self.saves(pages),
                "restore": self.restores(pages),
            }
            for pages in dirtied
        }


def own_memory() -> int:
    """Bytes that this process has in anonymous memory and in memory files."""
    size = 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(("RssAnon:", "VmSwap:")):
            size += int(line.split()[1]) * 1024
    for link in Path("/proc/self/fd").iterdir():
        try:
            name, status = os.readlink(link), os.stat(link)
        except FileNotFoundError:
            continue  # that of the folder itself
        if name.startswith("/memfd:") or name.endswith(" (deleted)"):
            size += status.st_blocks * 512
    return size
