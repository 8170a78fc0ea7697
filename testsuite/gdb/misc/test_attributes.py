# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel keeps about a process comes back with it."""

import os

import pytest

EVERYBODY = [
    "folder",
    "moved-folder",
    "mask",
    "limits",
    "name",
    "policy",
    "cpus",
    "io-priority",
    "timer-slack",
    "subreaper",
    "death-signal",
    "huge-pages",
    "personality",
    "keep-capabilities",
    "tsc",
    "machine-check",
    "oom",
    "dump-filter",
]
ROOT = ["nice", "real-time", "deadline", "dumpable", "ids"]


def rewind(gdb, target, thing):
    # GIVEN a program and its snapshot: a restore right away would change nothing
    gdb.load(target("attributes"))
    gdb("tbreak settled")
    said = gdb.start(thing)
    if "exited with code 0115" in said:
        pytest.skip("the kernel has no such thing on this CPU")
    assert "Temporary breakpoint" in said, said
    gdb("snapshot save")
    plan = gdb("snapshot restore -dry-run").splitlines()
    assert [line.split()[0] for line in plan] == ["write", "land"], plan

    # WHEN it has changed the thing, and is rewound
    gdb.go(until="changed")
    (step, *_) = gdb("snapshot restore -dry-run").splitlines()
    assert step.startswith(("put back ", "raise limit ", "lower limit ")), step
    gdb("snapshot restore")

    # THEN the thing is as it was, and can be changed again: the program looks
    assert gdb.finish_program() == 0, gdb.program_says()


@pytest.mark.parametrize("thing", EVERYBODY)
def test_what_has_changed_is_put_back(gdb, target, thing):
    if thing == "cpus" and len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is only one processor")
    rewind(gdb, target, thing)


@pytest.mark.parametrize("thing", ROOT)
def test_what_root_has_changed_is_put_back(gdb, target, as_root, thing):
    rewind(gdb, target, thing)
