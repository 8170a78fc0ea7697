# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands for front-ends: -snapshot-save and so on, with structured results.

The words are those of the commands of the same name.
"""

from __future__ import annotations

import gdb

from .base import TYPE_CHECKING, Command, guard

if TYPE_CHECKING:
    import argparse
    from typing import Any, Callable, Mapping, Optional, Sequence

    from _snapshot import Backtrace, Difference
    from _snapshot import Mapping as MemoryMapping
    from _snapshot import MemoryChange, RegisterChange, Report, State, Thread, Verdict

    from ..store import Entry
    from ..variables import Change

    Result = Optional[dict[str, Any]]


class MICommand(gdb.MICommand):
    """An MI command with the arguments of a command of the terminal."""

    def __init__(
        self, command: Command, run: Callable[[argparse.Namespace], Result]
    ) -> None:
        self._command = command
        self._run = run
        super().__init__("-" + command.name.replace(" ", "-"))

    def invoke(self, arguments: Sequence[str]) -> Result:
        with guard():
            return self._run(self._command.parser.parse(arguments))


def register(commands: Mapping[str, Command]) -> None:
    for name, run in _RUN.items():
        MICommand(commands[name], run)


def _refuse_background(args: argparse.Namespace) -> None:
    """Nobody would see the line that tells of the end."""
    from ..problem import Problem

    if args.background:
        raise Problem(
            "-background is for a terminal, a front-end's command waits",
            "Leave it out",
        )


def _save(args: argparse.Namespace) -> Result:
    from .. import verbs

    _refuse_background(args)
    entry = verbs.save(
        args.snapshot,
        file=args.file,
        overwrite=args.overwrite,
        self_contained=args.self_contained,
        note=args.note,
    )
    return {"snapshot": _entry(entry), **_room(entry)}


def _room(entry: Entry) -> dict[str, Any]:
    """What had to go for a snapshot, if anything."""
    found: dict[str, Any] = {}
    if entry.displaced:
        found["displaced"] = [
            {"name": each.name, "freed": each.freed} for each in entry.displaced
        ]
    if entry.excess:
        found["excess"] = entry.excess
    return found


def _restore(args: argparse.Namespace) -> Result:
    from .. import verbs

    entry, report = verbs.restore(
        args.snapshot, fpu_mode=args.fpu_mode, force=args.force
    )
    return {"snapshot": _entry(entry), "report": _report(report)}


def _list(args: argparse.Namespace) -> Result:
    from .. import verbs

    return {"snapshots": [_entry(entry) for entry in verbs.snapshots()]}


def _show(args: argparse.Namespace) -> Result:
    from .. import core, verbs

    entry = verbs.find(args.snapshot, foreign=True)
    is_any = args.registers or args.memory or args.state
    result: dict[str, Any] = {"snapshot": _entry(entry)}
    with core.problems():
        result["threads"] = _threads(entry, args, not is_any)
        if args.memory:
            result["mappings"] = [_mapping(m) for m in entry.snapshot.mappings()]
        result["omissions"] = list(entry.snapshot.omissions)
    return result


def _diff(args: argparse.Namespace) -> Result:
    from .. import render_diff, variables, verbs

    comparison = verbs.diff(args.old, args.new)
    difference = comparison.difference
    is_all = not any(getattr(args, section) for section in render_diff.SECTIONS)
    result: dict[str, Any] = {
        "old": _entry(comparison.old),
        "differs": "n" if difference["is_empty"] else "y",
        "notes": list(difference["notes"]),
        "refusals": list(difference["refusals"]),
    }
    if not comparison.is_live:
        result["new"] = _entry(comparison.new)
    if is_all or args.threads:
        result["threads"] = [
            {"tid": thread["tid"], "name": thread["comm"], "event": thread["event"]}
            for thread in difference["threads"]
        ]
    if is_all or args.registers:
        result["registers"] = [_register_change(c) for c in difference["registers"]]
    if args.variables:
        found = variables.find(comparison)
        result["variables"] = [_variable_change(change) for change in found.all]
    if is_all or args.memory:
        result["memory"] = [_memory_change(c) for c in difference["memory"]]
        result["memory-ranges"] = difference["memory_ranges"]
        result["memory-bytes"] = difference["memory_bytes"]
    result["changes"] = _changes(difference, args, is_all)
    return result


def _register_change(change: RegisterChange) -> dict[str, Any]:
    item: dict[str, Any] = {"tid": change["tid"], "name": change["name"]}
    for when, register in (("old", change["old"]), ("new", change["new"])):
        if register:
            item[when] = "0x" + register["value"][::-1].hex()
    return item


def _variable_change(change: Change) -> dict[str, Any]:
    variable = change.variable
    item = {
        "name": variable.name,
        "type": variable.type,
        "where": variable.where,
        "old": change.old,
        "new": change.new,
    }
    if variable.function:
        item["function"] = variable.function
    if variable.tid:
        item["tid"] = str(variable.tid)
    return item


def _memory_change(change: MemoryChange) -> dict[str, Any]:
    return {
        "start": f"0x{change['start']:x}",
        "end": f"0x{change['end']:x}",
        "name": change["mapping"],
        "unknown": "y" if change["is_unknown"] else "n",
        "tags": "y" if change["is_tags"] else "n",
    }


def _changes(
    difference: Difference, args: argparse.Namespace, is_all: bool
) -> list[dict[str, Any]]:
    """What is shown of the families; the words are those of the terminal."""
    from ..render_diff import SECTION_OF, family_rows

    return [
        {"family": family, "event": event, "what": what}
        for family, section in SECTION_OF.items()
        if is_all or getattr(args, section)
        for event, what in family_rows(difference, family)
    ]


def _undo(args: argparse.Namespace) -> Result:
    from .. import travel

    entry, report = travel.undo(args.count)
    return {"snapshot": _entry(entry), "report": _report(report)}


def _redo(args: argparse.Namespace) -> Result:
    from .. import travel

    entry, report = travel.redo(args.count)
    return {"snapshot": _entry(entry), "report": _report(report)}


def _name(args: argparse.Namespace) -> Result:
    from .. import travel

    return {"snapshot": _entry(travel.rename(args.snapshot, args.name))}


def _note(args: argparse.Namespace) -> Result:
    from .. import travel

    entry = travel.annotate(args.snapshot, " ".join(args.text))
    return {"snapshot": _entry(entry)}


def _print(args: argparse.Namespace) -> Result:
    from .. import travel

    return {"value": travel.print_past(args.snapshot, args.expression)}


def _examine(args: argparse.Namespace) -> Result:
    from .. import travel

    return {"text": travel.examine_past(args.snapshot, args.expression)}


def _when(args: argparse.Namespace) -> Result:
    from .. import travel

    found = travel.when(args.expression, is_condition=args.true)
    values = []
    for value in found.values:
        item = {"snapshot": value.entry.name, "value": value.text}
        if value.before:
            item["after"] = value.before.name
        if args.true:
            item["true"] = "y" if value.is_true else "n"
        values.append(item)
    return {"values": values, "looked-at": found.looked_at, "unknown": found.unknown}


def _last_write(args: argparse.Namespace) -> Result:
    from .. import search

    write = search.last_write(args.expression)
    return {
        "snapshot": _entry(write.entry),
        "from": write.start.name,
        "origin": write.origin.name,
        "writes": write.count,
        "old": write.old,
        "new": write.new,
    }


def _export(args: argparse.Namespace) -> Result:
    from .. import verbs

    _refuse_background(args)
    entry = verbs.export(
        args.snapshot,
        args.file,
        overwrite=args.overwrite,
        self_contained=args.self_contained,
    )
    return {"snapshot": _entry(entry)}


def _import(args: argparse.Namespace) -> Result:
    from .. import verbs

    entry = verbs.import_file(args.file, args.snapshot)
    return {"snapshot": _entry(entry), **_room(entry)}


def _delete(args: argparse.Namespace) -> Result:
    from .delete import delete

    return {"snapshots": [_entry(entry) for entry in delete(args)]}


def _check(args: argparse.Namespace) -> Result:
    from .. import verbs

    rows = verbs.check(args.snapshot, args.mode, args.cpu)
    return {"machines": [_verdict(machine, verdict) for machine, verdict in rows]}


_RUN: dict[str, Callable[[argparse.Namespace], Result]] = {
    "snapshot save": _save,
    "snapshot restore": _restore,
    "snapshot undo": _undo,
    "snapshot redo": _redo,
    "snapshot name": _name,
    "snapshot note": _note,
    "snapshot when": _when,
    "snapshot last-write": _last_write,
    "snapshot print": _print,
    "snapshot x": _examine,
    "snapshot list": _list,
    "snapshot show": _show,
    "snapshot diff": _diff,
    "snapshot export": _export,
    "snapshot import": _import,
    "snapshot delete": _delete,
    "snapshot check": _check,
}


def _entry(entry: Entry) -> dict[str, Any]:
    from ..keeping import store

    snapshot = entry.snapshot
    result = {
        "name": entry.name,
        "uuid": snapshot.uuid,
        "pid": snapshot.pid,
        "time": f"{snapshot.time:.6f}",
        "threads": len(snapshot.threads()),
        "size": snapshot.size,
        "alone": snapshot.usage["alone"],
        "shared": snapshot.usage["shared"],
        "where": entry.place.location,
        "note": entry.note,
        "current": "y" if store.is_current(entry) else "n",
        "automatic": "y" if entry.is_automatic else "n",
        "reason": entry.reason,
        "thread": entry.place.thread,
    }
    if entry.changed is not None:
        result["changed"] = entry.changed
    # One that was only read from a file is in no tree.
    if entry.name in store:
        after = store.timeline.parent(entry.name)
        if after:
            result["after"] = after
            result["resumptions"] = store.timeline.resumptions(entry.name)
    if snapshot.parent:
        result["parent"] = snapshot.parent
    if entry.file:
        result["file"] = entry.file
    if entry.writing:
        result["writing"] = entry.writing.path
    return result


def _verdict(machine: Optional[str], verdict: Verdict) -> dict[str, Any]:
    findings = [
        {key: text for key, text in finding.items() if text is not None}
        for finding in verdict["findings"]
    ]
    result = {"verdict": verdict["verdict"], "findings": findings}
    return {"machine": machine, **result} if machine else result


def _report(report: Report) -> dict[str, Any]:
    return {
        "threads": report["threads"],
        "bytes-compared": report["bytes_compared"],
        "bytes-written": report["bytes_written"],
        "mapping-steps": report["mapping_steps"],
        "notes": list(report["notes"]),
    }


def _threads(
    entry: Entry, args: argparse.Namespace, is_default: bool
) -> list[dict[str, Any]]:
    snapshot = entry.snapshot
    backtraces = snapshot.backtraces() if args.threads or is_default else {}
    state = snapshot.state()
    found = []
    for thread in snapshot.threads():
        tid = thread["tid"]
        item: dict[str, Any] = {
            "tid": tid,
            "name": thread["comm"],
            "signal": thread["stop_signal"],
            "current": "y" if tid == snapshot.current_tid else "n",
        }
        if tid in backtraces:
            item["frames"] = _frames(backtraces[tid])
        if args.registers:
            item["registers"] = [
                {
                    "name": register["name"],
                    "value": "0x" + register["value"][::-1].hex(),
                }
                for register in snapshot.registers(tid)
            ]
        if args.state:
            item.update(_state(thread, state))
        found.append(item)
    return found


def _frames(backtrace: Backtrace) -> list[dict[str, Any]]:
    found = []
    for level, frame in enumerate(backtrace["frames"]):
        item: dict[str, Any] = {"level": level, "addr": f"0x{frame['pc']:016x}"}
        if frame["function"]:
            item["func"] = frame["function"]
        if frame["file"]:
            item["file"] = frame["file"]
        if frame["line"]:
            item["line"] = frame["line"]
        if frame["module"]:
            item["from"] = frame["module"]
        found.append(item)
    return found


def _state(thread: Thread, found: State) -> dict[str, Any]:
    from ..render_state import thread_facts

    return {
        fact.lower().replace(" ", "-"): text
        for fact, text in thread_facts(thread, found)
    }


def _mapping(mapping: MemoryMapping) -> dict[str, Any]:
    return {
        "start": f"0x{mapping['start']:x}",
        "end": f"0x{mapping['end']:x}",
        "prot": mapping["prot"],
        "offset": mapping["offset"],
        "held": mapping["held"],
        "name": mapping["name"],
    }
