# SPDX-License-Identifier: GPL-3.0-or-later
"""A process in which system calls are not as usual is rewound, or refused."""

import re
from pathlib import Path

import pytest
from evidence import digest
from marks import kernel


def stop(gdb, command, number):
    assert f"SIGUSR{number}" in gdb(command)


def begin(gdb, target, setting):
    """Run to the place to save at.  A stop there is a signal: no breakpoint is hit."""
    gdb.load(target("settings"))
    for number in (1, 2):
        gdb(f"handle SIGUSR{number} stop print nopass")
    gdb("handle SIGHUP nostop noprint pass")
    assert "SIGUSR1" in gdb.start(setting)


def end(gdb):
    gdb("handle SIGUSR1 SIGUSR2 nostop noprint nopass")
    assert gdb.finish_program() == 0, gdb.program_says()


@pytest.mark.parametrize("setting", ["soft-limit", "descriptors", "trap", "stack"])
def test_what_is_in_the_way_is_worked_around(gdb, target, setting):
    # GIVEN a process that has used up a limit, or has its signals in an odd state
    begin(gdb, target, setting)
    before = digest(gdb)
    gdb("snapshot save", timeout=300)
    assert digest(gdb) == before

    # WHEN it has gone on, and is rewound
    stop(gdb, "continue", 2)
    gdb("snapshot restore", timeout=300)

    # THEN it is as at the save, goes on, and finds its setting as it was
    stop(gdb, "continue", 2)
    end(gdb)


def test_syscall_user_dispatch_is_put_aside(gdb, target):
    # GIVEN a process that catches its own system calls
    gdb.load(target("settings"))
    gdb("handle SIGSYS nostop noprint pass")
    said = gdb.start("user-dispatch")
    if "exited with code 0115" in said:
        pytest.skip("the kernel has no syscall user dispatch on this CPU")
    assert "SIGTRAP" in said
    before = digest(gdb)
    if kernel() < (6, 4):
        pytest.skip("tracers can put it aside since Linux 6.4")
    gdb("snapshot save")
    assert digest(gdb) == before

    # WHEN it has caught one, and is rewound
    assert "SIGTRAP" in gdb("continue")
    assert gdb.value("nr_caught") == 1
    gdb("snapshot restore")

    # THEN it has caught none, and catches the next one
    assert gdb.value("nr_caught") == 0
    assert "SIGTRAP" in gdb("continue")
    assert gdb.value("nr_caught") == 1
    end(gdb)


def may_raise_limits():
    """Whether this is somebody whom no hard limit stops (CAP_SYS_RESOURCE)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (effective,) = re.findall(r"(?m)^CapEff:\s*(\w+)", status)
    return bool(int(effective, 16) >> 24 & 1)


@pytest.mark.parametrize(
    "setting, words",
    [
        ("hard-limit", ["working space", "RLIMIT_AS"]),
        ("mappings", ["working space", "vm.max_map_count"]),
        ("sandbox", ["under seccomp", "sandbox"]),
        ("thread", ["under seccomp", "sandbox"]),
    ],
)
def test_what_cannot_be_worked_around_is_refused(gdb, target, setting, words):
    # GIVEN a process in which a restore cannot work; a save can
    if setting == "hard-limit" and may_raise_limits():
        pytest.skip("who may raise a hard limit does so, and restores it")
    begin(gdb, target, setting)
    before = digest(gdb)
    said = gdb("snapshot save", timeout=300)
    assert digest(gdb) == before
    assert ("seccomp" in said) == (setting in ("sandbox", "thread"))
    stop(gdb, "continue", 2)
    before = digest(gdb)

    # WHEN it shall be rewound
    complaint = gdb.refuses("snapshot restore", timeout=300)

    # THEN the reason is told, and the process is as it was, and goes on
    for word in words:
        assert word in complaint, complaint
    assert digest(gdb) == before
    end(gdb)
