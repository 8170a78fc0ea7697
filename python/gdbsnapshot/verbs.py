# SPDX-License-Identifier: GPL-3.0-or-later
"""What one can do with snapshots: the verbs behind the commands, MI and Python."""

import contextlib
import os
from typing import TYPE_CHECKING, Callable, Optional, Sequence

from . import automatic, core, events, keeping, names, parameters, writings
from .comparison import Comparison
from .keeping import store
from .problem import Problem
from .store import Entry, Place
from .target import breakpoints, crew, landing, life, place, process, stops

if TYPE_CHECKING:
    from _snapshot import Progress, Report, Snapshot, Verdict

last_report: "Optional[Report]" = None
"""Of the last restore that has succeeded."""


def save(
    name: Optional[str] = None,
    *,
    file: Optional[str] = None,
    overwrite: bool = False,
    self_contained: bool = False,
    note: str = "",
    background: Optional[bool] = False,
    progress: "Optional[Progress]" = None,
) -> Entry:
    """
    Take a snapshot of the selected process, and perhaps write it to a file.

    @param self_contained, background As in export().
    """
    is_named = name is not None
    if name is None:
        name = store.new_name()
    store.check_free(name)
    path = _new_file(file, overwrite, progress) if file is not None else None
    automatic.begin()
    entry = keeping.take(process.selected(), name, note, progress)
    entry.is_named = is_named
    if path is not None:
        _write(entry, path, overwrite, self_contained, background, progress)
    keeping.keep(entry)
    stops.forget_changes()
    return entry


def restore(
    which: Optional[str] = None,
    *,
    fpu_mode: Optional[str] = None,
    force: bool = False,
    progress: "Optional[Progress]" = None,
    announce: "Optional[Callable[[Entry, Report], None]]" = None,
    is_shown: bool = True,
) -> "tuple[Entry, Report]":
    """
    Put the selected process back to a snapshot: a name, an image, None for the newest.

    Where GDB has no process it gets a new one.

    @param is_shown GDB shows the location, as at a stop.
    @param fpu_mode "compat" or "any"; None: what 'show snapshot fpu-mode' says.
    @param force A new process may be made of a core file that another program wrote.
    @param announce Called when the process is back, before GDB shows it.
    """
    automatic.begin()
    with stops.own_work():
        if life.is_wanted():
            entry, assumptions = _find_dead(which, force, progress)
            entry, report = _revive(
                entry, assumptions, fpu_mode, progress, announce, is_shown
            )
        else:
            _refuse_force(force)
            entry, report = _restore(which, fpu_mode, progress, announce, is_shown)
    events.restored.emit(entry)
    return entry, report


def _restore(
    which: Optional[str],
    fpu_mode: Optional[str],
    progress: "Optional[Progress]",
    announce: "Optional[Callable[[Entry, Report], None]]",
    is_shown: bool,
) -> "tuple[Entry, Report]":
    selected = process.selected()
    entry = _newest(selected.pid) if which is None else find(which, progress)
    core.check_identity(selected.pid, entry.snapshot)
    breakpoints.check_survive(entry.snapshot)
    crew.meet_newcomers(selected.pid)
    patches = breakpoints.patches(selected.pid)
    future = landing.before(selected)
    moving = crew.Crew(selected)
    try:
        report = core.restore(
            selected.pid,
            entry.snapshot,
            selected.tid,
            parameters.verify_memory(),
            parameters.shared_memory(),
            patches,
            fpu_mode or parameters.fpu_mode(),
            progress,
            moving.run,
        )
    except BaseException:
        landing.after_failure(moving, patches)
        raise
    global last_report
    last_report = report
    if store.get(entry.name) is entry:
        store.set_current(entry)
    else:
        store.timeline.lose(selected.pid)
    if announce is not None:
        announce(entry, report)
    try:
        landing.after_restore(
            selected, entry.snapshot, entry.place, future, patches, moving, is_shown
        )
    except KeyboardInterrupt:
        raise Problem(
            "the process was put back, and GDB interrupted before it had seen that",
            "Restore again",
        ) from None
    return entry, report


def _refuse_force(force: bool) -> None:
    if force:
        raise Problem(
            "-force is for a core file of another program, and GDB has a process",
            "End it first, with 'kill'",
        )


def _find_dead(
    which: Optional[str], force: bool, progress: "Optional[Progress]"
) -> tuple[Entry, list[str]]:
    """What a process is to be made of, and what is assumed of it."""
    entry = find(which, progress, foreign=force, later=True)
    if entry.snapshot.is_foreign:
        return entry, core.adopt(entry.snapshot)
    return entry, []


def _revive(
    entry: Entry,
    assumptions: Sequence[str],
    fpu_mode: Optional[str],
    progress: "Optional[Progress]",
    announce: "Optional[Callable[[Entry, Report], None]]",
    is_shown: bool,
) -> "tuple[Entry, Report]":
    """Bring a snapshot to life in a process of its own."""
    life.check()
    mode = fpu_mode or parameters.fpu_mode()
    search = life.search()
    _raise_problems(core.check_revival(entry.snapshot, mode, search, progress))
    program = core.find_program(entry.snapshot, search)
    with life.settled():
        try:
            symbols = life.symbols(program)
            with _breakpoints_of(program, entry.snapshot):
                selected = life.start(entry.snapshot, program, core.blank())
                moving = crew.Crew(selected)
                report = core.revive(
                    selected.pid,
                    entry.snapshot,
                    parameters.verify_memory(),
                    mode,
                    search,
                    progress,
                    moving.run,
                )
                saved = [thread["tid"] for thread in entry.snapshot.threads()]
                tids = dict(zip(saved, report["tids"]))
                life.rediscover(program, symbols, tids[entry.snapshot.current_tid])
            report["notes"][:0] = assumptions
            if announce is not None:
                announce(entry, report)
            landing.after_revival(
                selected, entry.snapshot, entry.place, moving, tids, is_shown
            )
        except BaseException:
            life.end()
            raise
    return entry, report


def _breakpoints_of(
    program: Optional[str], snapshot: "Snapshot"
) -> "contextlib.AbstractContextManager[None]":
    """What is to be done about breakpoints while a process becomes a snapshot's."""
    if program == snapshot.exe:
        return contextlib.nullcontext()
    return life.without_breakpoints()


def _raise_problems(problems: Sequence[str]) -> None:
    if len(problems) == 1:
        raise Problem(problems[0])
    if problems:
        listed = "".join(f"\n  {text}" for text in problems)
        raise Problem(f"{len(problems)} things stand in the way:{listed}")


def explain(
    which: Optional[str] = None, fpu_mode: Optional[str] = None, force: bool = False
) -> str:
    """What restore() would do, a line for each step with its reason."""
    if life.is_wanted():
        entry, assumptions = _find_dead(which, force, None)
        text = _explain_life(entry, fpu_mode or parameters.fpu_mode())
        return text + "".join(f"{each}\n" for each in assumptions)
    _refuse_force(force)
    selected = process.selected()
    entry = _newest(selected.pid) if which is None else find(which)
    patches = breakpoints.patches(selected.pid)
    text = core.explain(
        selected.pid,
        entry.snapshot,
        selected.tid,
        parameters.shared_memory(),
        patches,
        fpu_mode or parameters.fpu_mode(),
    )
    crew.flush()
    return text


def _explain_life(entry: Entry, mode: str) -> str:
    life.check()
    _raise_problems(core.check_revival(entry.snapshot, mode, life.search()))
    return (
        f"A new process of {entry.snapshot.exe} would be made; nothing stands in the"
        " way.\n"
    )


def verdict(entry: Entry, fpu_mode: Optional[str] = None) -> "Verdict":
    """What restore() thinks of a snapshot on this machine."""
    return core.check(entry.snapshot, fpu_mode or parameters.fpu_mode())


def check(
    which: Optional[str] = None,
    mode: str = "compat",
    cpus: Sequence[str] = (),
    *,
    progress: "Optional[Progress]" = None,
) -> "list[tuple[Optional[str], Verdict]]":
    """
    Compare a snapshot with the machines that files describe, or with this one (None).
    """
    snapshot = find(which, progress, foreign=True).snapshot
    machines: list[Optional[str]] = []
    machines += [os.path.expanduser(cpu) for cpu in cpus]
    return [
        (machine, core.check(snapshot, mode, machine)) for machine in machines or [None]
    ]


def write_cpu(file: str, *, overwrite: bool = False) -> str:
    """Describe this machine in a file; returns its path."""
    path = _new_file(file, overwrite)
    text = core.describe_cpu()
    with open(path, "w" if overwrite else "x", encoding="ascii") as out:
        out.write(text)
    return path


def diff(
    old: Optional[str] = None,
    new: Optional[str] = None,
    *,
    max_ranges: int = 1000,
    progress: "Optional[Progress]" = None,
) -> Comparison:
    """
    Compare two snapshots, each a name or an image; leave the process as it is.

    @param old None: the newest; if `new` is the process, the newest of it.
    @param new None: the selected process.
    @param max_ranges How many ranges of memory are listed.
    """
    if new is None:
        selected = process.selected()
        first = _newest(selected.pid) if old is None else find(old, progress)
        snapshot = keeping.capture(selected, progress)
        second = Entry("the process", snapshot, place.take())
    else:
        first, second = find(old, progress), find(new, progress)
    found = core.diff(first.snapshot, second.snapshot, max_ranges, progress)
    return Comparison(first, second, new is None, found)


def snapshots() -> list[Entry]:
    """All snapshots of this session, the oldest first."""
    return list(store)


def find(
    which: Optional[str],
    progress: "Optional[Progress]" = None,
    *,
    foreign: bool = False,
    later: bool = False,
) -> Entry:
    """
    The snapshot of a name, or in a file; None: the newest.

    @param foreign The file may be of another program: it cannot be restored then.
    @param later Much of the memory may stay in the file, for a new process.
    """
    if which is None:
        newest = store.newest()
        if newest is None:
            raise Problem("there are no snapshots", "Take one with 'snapshot save'")
        return newest
    entry = store.get(which)
    if entry is not None:
        return entry
    path = os.path.expanduser(which)
    writings.finish_file(path, store, progress)
    if "/" not in which and not os.path.exists(path):
        raise names.unknown(which, store.names())
    if foreign:
        snapshot = core.look(path, progress)
    else:
        snapshot = core.load(path, progress, later=later)
    return Entry(snapshot.label or which, snapshot, _unknown_place(snapshot), which)


def export(
    name: str,
    file: str,
    *,
    overwrite: bool = False,
    self_contained: bool = False,
    background: Optional[bool] = False,
    progress: "Optional[Progress]" = None,
) -> Entry:
    """
    Write a snapshot to a file.

    @param self_contained With all that it has mapped of files.
    @param background Return at once, and let the file appear when it is complete;
        None: if that takes its time.
    """
    entry = store.known(name)
    writings.finish([entry], progress)
    path = _new_file(file, overwrite, progress)
    _write(entry, path, overwrite, self_contained, background, progress)
    return entry


def _write(
    entry: Entry,
    path: str,
    overwrite: bool,
    self_contained: bool,
    background: Optional[bool],
    progress: "Optional[Progress]",
) -> None:
    if background is None:
        background = entry.snapshot.size >= writings.LARGE
    if background:
        writings.begin(entry, path, overwrite, self_contained, store, progress)
    else:
        core.write(entry.snapshot, path, overwrite, self_contained, progress)
        entry.file, entry.writing = path, None


def import_file(
    file: str,
    name: Optional[str] = None,
    *,
    progress: "Optional[Progress]" = None,
) -> Entry:
    """Read a snapshot from a file into this session."""
    is_named = name is not None
    if name is not None:
        store.check_free(name)
    path = os.path.expanduser(file)
    writings.finish_file(path, store, progress)
    snapshot = core.load(path, progress)
    if name is None:
        name = _name_for(snapshot)
    snapshot.label = name
    entry = Entry(name, snapshot, _unknown_place(snapshot), path, is_named)
    store.add(entry)
    keeping.make_room_for(entry)
    return entry


def delete(*doomed: str, progress: "Optional[Progress]" = None) -> list[Entry]:
    """
    Forget snapshots by their names; their images, if they have any, stay.  One that is
    being written is waited for.
    """
    writings.finish([entry for entry in store if entry.name in doomed], progress)
    return keeping.delete(*doomed)


def delete_all(progress: "Optional[Progress]" = None) -> list[Entry]:
    """Forget all snapshots; their images stay."""
    return delete(*store.names(), progress=progress)


def _newest(pid: int) -> Entry:
    newest = store.newest(pid)
    if newest is None:
        raise Problem(
            f"there is no snapshot of process {pid}",
            "Take one with 'snapshot save'",
        )
    return newest


def _unknown_place(snapshot: "Snapshot") -> Place:
    return Place(thread=snapshot.current_tid)


def _name_for(snapshot: "Snapshot") -> str:
    """The name that the image says, if it is free and one that we would give."""
    try:
        store.check_free(snapshot.label)
    except Problem:
        return store.new_name()
    return snapshot.label


def _new_file(file: str, overwrite: bool, progress: "Optional[Progress]" = None) -> str:
    """The path to write to.  Say now what would fail after all the work."""
    path = os.path.expanduser(file)
    writings.finish_file(path, store, progress)
    if not path:
        raise Problem("the file's name cannot be empty")
    if os.path.isdir(path):
        raise Problem(f"{path} is a directory", "Name a file in it")
    if os.path.lexists(path) and not overwrite:
        raise Problem(f"{path} exists already", "To replace it, add -overwrite")
    directory = os.path.dirname(path) or "."
    if not os.path.isdir(directory):
        raise Problem(f"there is no directory {directory}", "Make it with 'mkdir'")
    return path
