# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that has one of everything takes every kind of step there is."""

import os
import re
import signal
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from conftest import HERE, Spawn, stop_at

USR1, USR2 = signal.SIGUSR1, signal.SIGUSR2
CORE = HERE.parents[1] / "core"
STEPS = CORE / "plan" / "steps.def"
ATTRIBUTES = CORE / "model" / "attributes.def"
RUNS: list[list[str]] = [[], ["shrink"]]

# What snap_describe_<name>() of core/plan says, between the verb and the reason.
CHANGE = r" \(.*was .*, is .*\)"
DESCRIPTOR = r"descriptor \d+ \(.+\)"
DESCRIPTIONS = {
    "cpus": rf"CPUs of thread \d+{CHANGE}",
    "fd_limit": r"the limit of open files to \d+",
    "folder": rf"current folder{CHANGE}",
    "future": r"new mappings",
    "interval": r"timer ITIMER_\w+(, .*)?",
    "limit": rf"\w+{CHANGE}",
    "live_fd": DESCRIPTOR,
    "pending": r".*SIG.*|what timers send until they are stopped",
    "posix_locks": r"the process's locks on files",
    "privileges": rf"privileges of thread \d+({CHANGE})?",
    "range": r"0x[0-9a-f]+-0x[0-9a-f]+( .*)?",
    "registration": r"of thread \d+",
    "scheduling": rf"scheduling of thread \d+({CHANGE})?",
    "signal": r"SIG\w+([+-]\d+)?",
    "thread": r"thread \d+ \(.*\)",
    "thread_name": rf"name of thread \d+{CHANGE}",
    "timer": r"POSIX timer \d+(, .*)?",
    "wanted_fd": DESCRIPTOR,
    "watch": r"descriptor \d+ in the epoll set of \d+",
}


class Row(NamedTuple):
    kind: str
    line: re.Pattern[str]


WORD, QUOTED = r"\s*(\w+)\s*,", r'\s*"([^"]*)"\s*,'


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)


def attribute() -> str:
    """Those that have a step of their own; groups are told in other words."""
    found = re.findall(
        rf"SNAP_ATTRIBUTE\({WORD * 2}{QUOTED * 2}\s*(?:SET|KEEP)\)",
        without_comments(ATTRIBUTES),
    )
    words = "|".join(re.escape(words) for *_, words in found)
    assert found
    return rf"({words})( of thread \d+)?{CHANGE}"


def rows() -> list[Row]:
    """The kinds of steps, and what a line about one of them looks like."""
    text = without_comments(STEPS)
    found = re.findall(rf"SNAP_STEP\({WORD * 5}{QUOTED * 2}", text)
    assert len(found) == text.count("SNAP_STEP(") > 60
    texts = DESCRIPTIONS | {"attribute": attribute()}
    return [
        Row(
            kind,
            re.compile(f"{re.escape(verb)} ({texts[describe]}): {re.escape(why)}"),
        )
        for kind, _, _, describe, _, verb, why in found
    ]


@pytest.fixture
def lines(
    snap: ModuleType, spawn: Spawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What the restores of all runs of the program are going to do."""
    found = []
    for words in RUNS:
        folder = tmp_path / " ".join(["everything", *words])
        folder.mkdir()
        monkeypatch.chdir(folder)
        pid = stop_at(snap, spawn("everything", *words), USR1)
        snapshot = snap.capture(pid)
        stop_at(snap, pid, USR2)
        found += snap.explain(pid, snapshot).splitlines()
    return [line for line in found if not line.startswith(("land ", "write memory "))]


@pytest.mark.restores
def test_a_person_can_tell_every_step_from_the_others(lines: list[str]) -> None:
    # WHEN the restores of everything are explained
    known = rows()

    # THEN every line is about one kind of step, and no other
    for line in lines:
        kinds = [row.kind for row in known if row.line.fullmatch(line)]
        assert len(kinds) == 1, (line, kinds)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a thread again")
@pytest.mark.restores
def test_every_kind_of_step_is_swept(lines: list[str]) -> None:
    # WHEN the restores of everything are explained
    missing = [row.kind for row in rows() if not any(map(row.line.fullmatch, lines))]

    # THEN no kind of step is missing there: test_faults.py has each of them fail
    assert not missing
