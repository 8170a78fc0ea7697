# SPDX-License-Identifier: GPL-3.0-or-later
"""A save of much memory does not stop the process for its copy, and nobody notices."""

import os
import select
import signal

import pytest
from gdbdriver import children

LONG = 600
SIZE = "64"
LATER = "python import gdbsnapshot.core; gdbsnapshot.core.copying = 'later'"
COPIED = "Copied:     in the background, from a frozen copy"


def copies(gdb):
    """The processes that GDB traces beside its inferior."""
    return [pid for pid in children(gdb.pid) if pid != gdb.inferior]


def save_and_kill_copy(gdb):
    """
    Take the snapshot s1 and kill its frozen copy while memory is still being read from
    it: GDB does both, as a command of its own would come too late.
    """
    gdb("python import glob, os, signal")
    gdb(
        "python gdb.execute('snapshot save s1');"
        " mine = glob.glob('/proc/self/task/*/children');"
        " traced = {int(pid) for each in mine for pid in open(each).read().split()};"
        " traced.remove(gdb.selected_inferior().pid);"
        " [os.kill(pid, signal.SIGKILL) for pid in traced]"
    )


def have_ended(pidfds):
    """Wait for the ends of some processes."""
    for pidfd in pidfds:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        if not poll.poll(LONG * 1000):
            return False
        os.close(pidfd)
    return True


@pytest.fixture
def pid(gdb, target):
    """A process that has come to settled()."""
    gdb.run(target("busy"), until="settled", arguments=SIZE)
    return gdb.inferior


def test_the_process_changes_its_memory_while_it_is_saved(gdb, pid):
    # GIVEN a snapshot whose memory is still being copied
    gdb("snapshot save")
    assert COPIED in gdb("snapshot show")

    # WHEN the process changes all of it, and is rewound
    gdb.go(until="changed", timeout=LONG)
    gdb("snapshot restore", timeout=LONG)

    # THEN all is as it was; there was no child, no signal, and no other inferior
    assert gdb.inferior == pid
    assert len(gdb.look()) == 1
    assert len(gdb("info inferiors").strip().splitlines()) == 2
    gdb.go(until="changed", timeout=LONG)
    assert gdb.finish_program(timeout=LONG) == 0


def test_the_process_may_end_while_it_is_copied(gdb, pid, folder):
    # GIVEN a snapshot of a process that was killed at once
    gdb("snapshot save s1")
    gdb("kill")

    # WHEN it is written to a file
    gdb("snapshot export s1 image", timeout=LONG)

    # THEN it holds what there was
    expected = b"".join(
        (1 ^ i * 0x9E3779B97F4A7C15 % (1 << 64)).to_bytes(8, "little")
        for i in range(512, 1024)
    )
    assert expected in (folder / "image").read_bytes()


def test_a_snapshot_can_be_deleted_while_it_is_copied(gdb, pid):
    gdb("snapshot save s1")
    gdb("snapshot delete s1")
    assert copies(gdb) == []
    assert gdb.finish_program(timeout=LONG) == 0


def test_a_second_save_follows_the_first(gdb, pid):
    # GIVEN two snapshots, the second taken while the first is being copied
    gdb("snapshot save s1")
    gdb("snapshot save s2")

    # WHEN they are compared, THEN nothing differs
    assert "Nothing differs" in gdb("snapshot diff s1 s2", timeout=LONG)

    # THEN the older one is still good when the newer one is gone
    gdb.go(until="changed", timeout=LONG)
    gdb("snapshot delete s2")
    gdb("snapshot restore s1", timeout=LONG)
    assert gdb.finish_program(timeout=LONG) == 0


def test_nothing_stays_of_a_gdb_that_is_killed(gdb, pid):
    # GIVEN a GDB whose inferior is being copied
    gdb("snapshot save")
    others = [os.pidfd_open(other) for other in children(gdb.pid)]

    # WHEN it is killed
    os.kill(gdb.pid, signal.SIGKILL)

    # THEN nobody is left
    assert others and have_ended(others)


def test_a_gdb_that_quits_does_not_wait(gdb, pid):
    gdb("snapshot save")
    others = [os.pidfd_open(other) for other in (gdb.pid, *children(gdb.pid))]
    gdb.send("quit")
    assert have_ended(others)


def test_a_process_is_detached_while_it_is_copied(gdb, pid):
    # GIVEN a snapshot, and the process on its own
    gdb("snapshot save s1")
    gdb("detach")

    # WHEN the snapshot is used, THEN it is whole
    assert "settled" in gdb("snapshot show s1 -threads", timeout=LONG)


def test_a_copy_that_was_killed_is_told_of(gdb, target):
    # GIVEN a snapshot whose frozen copy was killed, as by a machine without memory
    gdb.run(target("busy"), until="settled", arguments="256")
    save_and_kill_copy(gdb)

    # WHEN it is used, THEN that is told, each time
    for command in ("snapshot restore s1", "snapshot export s1 image"):
        complaint = gdb.refuses(command, timeout=LONG)
        assert "snapshot is incomplete" in complaint
        assert "take another one." in complaint

    # THEN another one is whole
    gdb("snapshot delete s1")
    gdb("snapshot save s2")
    gdb.go(until="changed", timeout=LONG)
    gdb("snapshot restore s2", timeout=LONG)
    assert gdb.finish_program(timeout=LONG) == 0


@pytest.mark.slow
def test_many_threads_have_one_copy(gdb, target):
    # GIVEN a process with many threads that is copied in the background
    gdb.run(target("threads"), until="ready", arguments="run")
    gdb(LATER)
    gdb("snapshot save", timeout=LONG)
    assert COPIED in gdb("snapshot show", timeout=LONG)

    # WHEN it is rewound, THEN it comes to the same end
    gdb.go(until="changed", timeout=LONG)
    gdb("snapshot restore", timeout=LONG)
    assert gdb.finish_program(timeout=LONG) == 0


def test_a_process_in_a_sandbox_is_stopped_for_its_copy(gdb, target):
    gdb.run(target("gone"), until="changed", arguments="seccomp")
    gdb(LATER)
    gdb("snapshot save")
    assert "while the process was stopped: it is under seccomp" in gdb("snapshot show")
    assert gdb.finish_program() == 0


def test_a_little_process_is_stopped_for_its_copy(gdb, target):
    gdb.run(target("gone"), until="settled", arguments="setuid")
    gdb("snapshot save")
    assert "stopped: that is quicker for so little" in gdb("snapshot show")
