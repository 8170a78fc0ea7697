# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables have changed between two snapshots, with their types and values."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from .problem import Problem

if TYPE_CHECKING:
    from .comparison import Comparison


@dataclass(frozen=True)
class Variable:
    """A variable, or a part of one, in one snapshot."""

    name: str
    type: str
    where: str
    """File and line of its declaration."""
    function: str
    """Whose it is; empty: of none."""
    tid: int
    """The thread that has called the function; 0: it keeps its value between calls."""
    identity: str
    """The same for the same variable, of the same call, in another snapshot."""
    text: str
    """Its value, as GDB prints it."""


@dataclass(frozen=True)
class Change:
    """A variable that has another value."""

    variable: Variable
    """In the newer snapshot."""
    old: str

    @property
    def new(self) -> str:
        return self.variable.text


@dataclass(frozen=True)
class Changes:
    """The variables that have another value."""

    all: Sequence[Change] = ()
    """Those of the program first."""
    is_cut: bool = False
    """Not all of the memory that differs was looked at."""
    obstacle: str = ""
    """Why they are not known; empty: they are."""


def try_to_find(comparison: "Comparison") -> Changes:
    """What find() says, or why it does not."""
    try:
        return find(comparison)
    except Problem as problem:
        return Changes(obstacle=problem.sentence)


def find(comparison: "Comparison", most: int = 1000) -> Changes:
    """
    Compare the values of variables, where GDB can look at both snapshots.

    @param most So many variables, fields and elements are looked at.
    """
    from .target import past

    old, new = comparison.old, comparison.new
    if old.pid != new.pid:
        raise Problem(
            "the variables of two processes are not compared",
            "Use -memory, which compares what lies at the same addresses",
        )
    past.check(old)
    past.check(new)
    ranges, tids = _ranges(comparison), _threads(comparison)
    if not (ranges or tids):
        return Changes()
    now = past.variables(new, ranges, tids, most)
    was = {each.identity: each for each in past.variables(old, ranges, tids, most)}
    changes = [
        Change(each, was[each.identity].text)
        for each in now
        if each.identity in was and was[each.identity].text != each.text
    ]
    return Changes(changes, is_cut=len(now) == most)


def _ranges(comparison: "Comparison") -> list[tuple[int, int]]:
    return [
        (change["start"], change["end"])
        for change in comparison.difference["memory"]
        if not change["is_tags"]
    ]


def _threads(comparison: "Comparison") -> list[int]:
    """The threads of both whose frames may have changed."""
    difference = comparison.difference
    tids = {change["tid"] for change in difference["registers"]}
    stacks = {(c["mapping_start"], c["mapping_end"]) for c in difference["memory"]}
    return [
        thread["tid"]
        for thread in comparison.new.snapshot.threads()
        if thread["tid"] in tids
        or any(start <= thread["sp"] < end for start, end in stacks)
    ]
