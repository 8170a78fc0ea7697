# SPDX-License-Identifier: GPL-3.0-or-later
"""
Runs in a GDB of its own, which looks at snapshots for the user's one.

Requests come as lines of JSON and are answered so; all else that this GDB says goes
nowhere.  Of the package, what is needed here is loaded, and nothing else.
"""

from __future__ import annotations

import itertools
import json
import os
import sys

import gdb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, TextIO

    Answer = dict[str, Any]


def _execute(command: str) -> Answer:
    return {"text": gdb.execute(command, to_string=True)}


def _load(scripts: list[str]) -> Answer:
    """Pretty-printers that the user has loaded by hand."""
    for script in scripts:
        try:
            gdb.execute("source " + script, to_string=True)
        except (gdb.error, OSError):
            continue
    return {}


def _frames() -> Iterator[gdb.Frame]:
    """From the innermost on."""
    frame: gdb.Frame | None = gdb.newest_frame()
    while frame is not None:
        yield frame
        frame = frame.older()


def _is_inlined(frame: gdb.Frame) -> bool:
    return frame.type() == gdb.INLINE_FRAME


def _switch(tid: int) -> None:
    for thread in gdb.selected_inferior().threads():
        if thread.ptid[1] == tid:
            thread.switch()


def _select(tid: int, level: int, inlined: int) -> Answer:
    """
    A thread and frame of a process that is not the one of before.

    GDB may have hidden functions that were inlined there; here it shows them all.
    """
    gdb.execute("maintenance flush register-cache", to_string=True)
    # This makes GDB ask which threads there are.
    gdb.execute("info threads", to_string=True)
    _switch(tid)
    hidden = len(list(itertools.takewhile(_is_inlined, _frames()))) - inlined
    frames = list(itertools.islice(_frames(), level + max(0, hidden) + 1))
    frames[-1].select()
    return {}


def _backtraces(tids: list[int]) -> Answer:
    """What `backtrace` says of each thread."""
    selected, frame = gdb.selected_thread(), gdb.selected_frame()
    texts = []
    for tid in tids:
        _switch(tid)
        try:
            texts.append(gdb.execute("backtrace", to_string=True))
        except gdb.error as error:
            texts.append(str(error) + "\n")
    if selected is not None:
        selected.switch()
        frame.select()
    return {"texts": texts}


def _evaluate(expression: str, is_condition: bool) -> Answer:
    """The value as text, and whether it is true where that is asked."""
    value = gdb.parse_and_eval(expression)
    text = value.format_string()
    return {"text": text, "true": bool(value) if is_condition else None}


def _variables(ranges: list[tuple[int, int]], tids: list[int], most: int) -> Answer:
    """What lies in ranges of memory, and in frames of threads."""
    sys.path.append(os.environ["GDB_SNAPSHOT_PYTHON"])
    from gdbsnapshot.target import typed

    return {"rows": typed.find(ranges, tids, most)}


_ACTIONS: dict[str, Callable[..., Answer]] = {
    "execute": _execute,
    "load": _load,
    "select": _select,
    "backtraces": _backtraces,
    "evaluate": _evaluate,
    "variables": _variables,
}


def _serve(requests: Iterable[str], answers: TextIO) -> None:
    for line in requests:
        request = json.loads(line)
        action = _ACTIONS[request.pop("action")]
        try:
            answer = action(**request)
        except (gdb.error, gdb.MemoryError, UnicodeError) as error:
            answer = {"error": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


with os.fdopen(int(os.environ["GDB_SNAPSHOT_IN"]), "r") as _requests:
    with os.fdopen(int(os.environ["GDB_SNAPSHOT_OUT"]), "w") as _answers:
        _serve(_requests, _answers)
