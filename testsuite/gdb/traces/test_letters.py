# SPDX-License-Identifier: GPL-3.0-or-later
"""A save changes nothing that the program, the kernel or GDB can tell."""

import os
from pathlib import Path


def traces(pid: int) -> dict[str, object]:
    """All that /proc says of a stopped process and that does not count up."""
    root = Path(f"/proc/{pid}")
    found: dict[str, object] = {
        "maps": root.joinpath("maps").read_text(),
        "auxv": root.joinpath("auxv").read_bytes(),
        "limits": root.joinpath("limits").read_text(),
        "timers": root.joinpath("timers").read_text(),
        "children": sorted(os.listdir(root / "task")),
    }
    for number in os.listdir(root / "fd"):
        found[f"fd {number}"] = (
            os.readlink(root / "fd" / number),
            root.joinpath("fdinfo", number).read_text(),
        )
    for task in root.glob("task/*"):
        for line in task.joinpath("status").read_text().splitlines():
            name, _, value = line.partition(":")
            # What a process has used is no trace; that it used more is its right.
            if name != "SigQ" and name.startswith(
                ("Sig", "Shd", "State", "Threads", "Cpus_", "Seccomp")
            ):
                found[f"{task.name} {name}"] = value.split()
        found[f"{task.name} comm"] = task.joinpath("comm").read_text()
    return found


def test_a_stop_signal_keeps_what_was_sent_with_it(gdb, target):
    # GIVEN a program stopped by a signal with a value
    gdb.load(target("letters"))
    assert "SIGUSR1" in gdb.start()
    siginfo = gdb("output $_siginfo")
    assert "sival_int = 1234" in siginfo
    before = traces(gdb.inferior)

    # WHEN it is saved, twice
    gdb("snapshot save")
    gdb("snapshot save")

    # THEN the signal is as it was, and is delivered once with the value
    assert gdb("output $_siginfo") == siginfo
    assert traces(gdb.inferior) == before
    assert gdb.finish_program() == 0


def test_pending_signals_stay_pending(gdb, target):
    # GIVEN a program with queued signals, some for the process
    gdb.run(target("letters"), until="waiting")
    gdb("handle SIGUSR1 nostop noprint pass")
    before = traces(gdb.inferior)

    # WHEN it is saved
    gdb("snapshot save")

    # THEN each is still there, once, in its order: the program checks them
    assert traces(gdb.inferior) == before
    assert gdb.finish_program() == 0


def test_threads_in_system_calls_are_left_as_they_are(gdb, target):
    # GIVEN ten threads in ten system calls, with all registers in use
    gdb.load(target("allregs"))
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.begin("tick", hits=10, arguments="60")
    before, seen = traces(gdb.inferior), gdb.look()

    # WHEN they are saved
    gdb("snapshot save")

    # THEN no register has changed, and no file of /proc but for the masks that last
    # only as long as sigsuspend and pselect: these two start again and set them anew
    assert gdb.look() == seen
    after = traces(gdb.inferior)
    changed = {name for name in before if after[name] != before[name]}
    assert after.keys() == before.keys()
    assert {name.split()[1] for name in changed} <= {"SigBlk"}
    assert len(changed) <= 2
    assert all(after[name] == ["0000000000000200"] for name in changed)
    assert gdb.finish_program() == 0
