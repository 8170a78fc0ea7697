# SPDX-License-Identifier: GPL-3.0-or-later
"""The C core, loaded when it is first needed; its errors become ours."""

import contextlib
import importlib
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    NamedTuple,
    Optional,
    Sequence,
)

from .problem import Problem

if TYPE_CHECKING:
    from _snapshot import (
        Difference,
        Patch,
        Progress,
        Report,
        Revival,
        Snapshot,
        StoreUsage,
        Tracking,
        Verdict,
        Writing,
    )

copying = "as-fits"
"""For tests: when a capture copies memory."""
fail_at_next = 0
"""For tests: which call into the kernel fails in the next capture or restore."""


def _module() -> Any:
    try:
        return importlib.import_module("_snapshot")
    except ImportError as error:
        raise Problem(
            f"the core of gdb-snapshot cannot be loaded: {error}",
            "Build it with 'make', for the Python that is inside this GDB",
        ) from None


@contextlib.contextmanager
def _loaded() -> Iterator[Any]:
    module = _module()
    try:
        yield module
    except module.Error as error:
        raise Problem(str(error), error.remedy) from None


def _listen(phase: str, done: int, total: int) -> bool:
    """Where nobody looks on: Python still takes notice of a Ctrl-C."""
    return True


def _take_fail_at() -> int:
    global fail_at_next
    fail_at, fail_at_next = fail_at_next, 0
    return fail_at


def capture(
    pid: int,
    current_tid: int,
    patches: "Sequence[Patch]",
    shared_memory: bool,
    progress: "Optional[Progress]",
) -> "Snapshot":
    """Take a snapshot of a process that GDB has stopped."""
    with _loaded() as module:
        snapshot: "Snapshot" = module.capture(
            pid,
            current_tid=current_tid,
            patches=patches,
            shared_memory=shared_memory,
            progress=progress or _listen,
            fail_at=_take_fail_at(),
            copying=copying,
        )
    return snapshot


def settle(snapshot: "Snapshot", progress: "Optional[Progress]" = None) -> None:
    """Wait until the memory of a snapshot has been copied."""
    with _loaded():
        snapshot.settle(progress or _listen)


def restore(
    pid: int,
    snapshot: "Snapshot",
    current_tid: int,
    verify_memory: bool,
    shared_memory: bool,
    patches: "Sequence[Patch]",
    fpu_mode: str,
    progress: "Optional[Progress]",
    run_thread: Callable[[int, int, int], None],
) -> "Report":
    """
    Put a process that GDB has stopped back to a snapshot.

    @param run_thread Lets one thread run until an address: to start others.
    """
    with _loaded() as module:
        report: "Report" = module.restore(
            pid,
            snapshot,
            verify_memory=verify_memory,
            current_tid=current_tid,
            patches=patches,
            shared_memory=shared_memory,
            progress=progress or _listen,
            fail_at=_take_fail_at(),
            fpu_mode=fpu_mode,
            run_thread=run_thread,
        )
    return report


class Search(NamedTuple):
    """Where files are looked for that a snapshot has mapped, if not where they were."""

    sysroot: str = ""
    """A folder that stands for the root folder; empty: none."""
    folders: Sequence[str] = ()
    """They have files by the last part of their path."""


def check_revival(
    snapshot: "Snapshot",
    fpu_mode: str,
    search: Search,
    progress: "Optional[Progress]" = None,
) -> list[str]:
    """What stands in the way of a new process, sentences."""
    with _loaded() as module:
        problems: list[str] = module.check_revival(
            snapshot,
            fpu_mode=fpu_mode,
            sysroot=search.sysroot,
            folders=search.folders,
            progress=progress or _listen,
        )
    return problems


def find_program(snapshot: "Snapshot", search: Search) -> Optional[str]:
    """Where the program of a snapshot is; None: it is not there."""
    with _loaded() as module:
        path: Optional[str] = module.find_program(
            snapshot, sysroot=search.sysroot, folders=search.folders
        )
    return path


def blank() -> str:
    """A program that needs nothing, for a new process to begin as."""
    path = Path(_module().__file__).with_name("blank")
    if not path.exists():
        raise Problem(
            f"the program {path}, which belongs to gdb-snapshot, is not there",
            "Install gdb-snapshot again",
        )
    return str(path)


def revive(
    pid: int,
    snapshot: "Snapshot",
    verify_memory: bool,
    fpu_mode: str,
    search: Search,
    progress: "Optional[Progress]",
    run_thread: Callable[[int, int, int], None],
) -> "Revival":
    """Make a process that has executed nothing what a snapshot says."""
    with _loaded() as module:
        report: "Revival" = module.revive(
            pid,
            snapshot,
            verify_memory=verify_memory,
            progress=progress or _listen,
            fail_at=_take_fail_at(),
            fpu_mode=fpu_mode,
            sysroot=search.sysroot,
            folders=search.folders,
            run_thread=run_thread,
        )
    return report


def explain(
    pid: int,
    snapshot: "Snapshot",
    current_tid: int,
    shared_memory: bool,
    patches: "Sequence[Patch]",
    fpu_mode: str,
) -> str:
    """What restore() would do."""
    with _loaded() as module:
        text: str = module.explain(
            pid,
            snapshot,
            current_tid=current_tid,
            patches=patches,
            shared_memory=shared_memory,
            fpu_mode=fpu_mode,
        )
    return text


def check(snapshot: "Snapshot", mode: str, cpu: Optional[str] = None) -> "Verdict":
    """Compare a snapshot with a machine: a file that describes it, or this one."""
    with _loaded() as module:
        where = {} if cpu is None else {"cpu": cpu}
        verdict: "Verdict" = module.check(snapshot, mode=mode, **where)
    return verdict


def describe_cpu() -> str:
    """This machine as JSON."""
    with _loaded() as module:
        text: str = module.describe_cpu()
    return text


def diff(
    a: "Snapshot",
    b: "Snapshot",
    max_ranges: int,
    progress: "Optional[Progress]" = None,
) -> "Difference":
    """What has changed from one snapshot to another."""
    with _loaded() as module:
        found: "Difference" = module.diff(
            a, b, max_ranges=max_ranges, progress=progress or _listen
        )
    return found


def symbols(
    snapshot: "Snapshot", addresses: Sequence[int]
) -> list[Optional[tuple[str, int]]]:
    """What a snapshot's files call some addresses."""
    with _loaded() as module:
        found: list[Optional[tuple[str, int]]] = module.symbols(snapshot, addresses)
    return found


def read(snapshot: "Snapshot", address: int, size: int) -> Optional[bytes]:
    """Memory as it was; None where the snapshot does not hold it."""
    module = _module()
    try:
        return snapshot.read(address, size)
    except module.Error:
        return None


def check_identity(pid: int, snapshot: "Snapshot") -> None:
    """Raise Problem unless the snapshot is one of this process."""
    with _loaded() as module:
        module.check_identity(pid, snapshot)


def shares_memory(pid: int, other: int) -> bool:
    """Whether two processes live in the same memory."""
    with _loaded() as module:
        answer: bool = module.shares_memory(pid, other)
    return answer


def stops(pid: int, tids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Signal number and code of why threads are stopped, by TID, where there is one."""
    with _loaded() as module:
        found: dict[int, tuple[int, int]] = module.stops(pid, tids)
    return found


@contextlib.contextmanager
def sigmask(pid: int, tid: int, mask: int) -> Iterator[None]:
    """A stopped thread blocks these signals, and afterwards what it has blocked."""
    with _loaded() as module:
        before: int = module.swap_sigmask(pid, tid, mask)
    try:
        yield
    finally:
        with _loaded() as module:
            module.swap_sigmask(pid, tid, before)


def load(
    path: str, progress: "Optional[Progress]" = None, *, later: bool = False
) -> "Snapshot":
    """
    Read an image.

    @param later What a new process gets straight from the file is read when somebody
        else needs it.
    """
    with _loaded() as module:
        snapshot: "Snapshot" = module.load(
            path, progress=progress or _listen, later=later
        )
    return snapshot


def look(path: str, progress: "Optional[Progress]" = None) -> "Snapshot":
    """Read an image of any kind, ours or not, to be looked at and checked."""
    with _loaded() as module:
        snapshot: "Snapshot" = module.look(path, progress=progress or _listen)
    return snapshot


def adopt(snapshot: "Snapshot") -> list[str]:
    """Make a core file of another program one that can live: what is assumed of it."""
    with _loaded() as module:
        assumptions: list[str] = module.adopt(snapshot)
    return assumptions


def write(
    snapshot: "Snapshot",
    path: str,
    overwrite: bool,
    self_contained: bool,
    progress: "Optional[Progress]" = None,
) -> None:
    """Write an image."""
    with _loaded():
        snapshot.write(
            path,
            overwrite=overwrite,
            progress=progress or _listen,
            self_contained=self_contained,
        )


def store_usage() -> "StoreUsage":
    """What all snapshots take together, in bytes, and where."""
    usage: "StoreUsage" = _module().store()
    return usage


def begin_write(
    snapshot: "Snapshot",
    path: str,
    overwrite: bool,
    self_contained: bool,
    progress: "Optional[Progress]" = None,
) -> "Writing":
    """Have an image written in the background."""
    with _loaded():
        writing: "Writing" = snapshot.begin_write(
            path,
            overwrite=overwrite,
            progress=progress or _listen,
            self_contained=self_contained,
        )
    return writing


def wait(writing: "Writing", progress: "Optional[Progress]" = None) -> None:
    """Wait until an image is there."""
    with _loaded():
        writing.wait(progress or _listen)


def store_size() -> int:
    """What all snapshots take together, in bytes."""
    usage = store_usage()
    return usage["pages"] + usage["tables"]


def set_directory(directory: Optional[str]) -> None:
    """Where new snapshots go; None: into memory."""
    with _loaded() as module:
        module.set_store(directory)


def set_tracking(way: str) -> None:
    """How changed pages are found from now on."""
    _module().set_tracking(way)


def tracking(pid: int) -> "Optional[Tracking]":
    """How changed pages of a process are found; None: they are not looked for."""
    found: "Optional[Tracking]" = _module().tracking(pid)
    return found


def let_go(pid: int) -> None:
    """Take off a process what finds its changed pages."""
    _module().let_go(pid)


def call_count() -> int:
    """How many calls into the kernel the last save or restore has made."""
    count: int = _module().last_call_count()
    return count


@contextlib.contextmanager
def problems() -> Iterator[None]:
    """Errors that a snapshot raises when it is looked at become ours."""
    with _loaded():
        yield
