# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that is frozen by its control group cannot be made to do anything."""

import contextlib
import os
import time
from pathlib import Path

import pytest
from evidence import digest

ROOTS = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]


class Group:
    """A control group (version 2) of one process."""

    def __init__(self, root, pid):
        self.folder = root / f"gdb-snapshot-{os.getpid()}"
        self.folder.mkdir()
        self._root, self._pid = root, pid
        (self.folder / "cgroup.procs").write_text(str(pid))

    def freeze(self, is_frozen):
        (self.folder / "cgroup.freeze").write_text(str(int(is_frozen)))
        deadline = time.monotonic() + 60
        while f"frozen {int(is_frozen)}" not in self._events():
            assert time.monotonic() < deadline, self._events()
            time.sleep(0.01)

    def _events(self):
        return (self.folder / "cgroup.events").read_text()

    def end(self):
        self.freeze(False)
        with contextlib.suppress(ProcessLookupError):
            # A process that is still there, as in a story that has failed.
            (self._root / "cgroup.procs").write_text(str(self._pid))
        self.folder.rmdir()


@pytest.fixture
def group(gdb, target):
    """That of a program that is stopped."""
    roots = [root for root in ROOTS if (root / "cgroup.procs").exists()]
    if not roots:
        pytest.skip("no control groups of version 2 are mounted")
    gdb.run(target("large"), until="settled", arguments="4")
    try:
        group = Group(roots[0], gdb.inferior)
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    yield group
    group.end()


def check_refused(gdb, group, command):
    before = digest(gdb)
    complaint = gdb.refuses(command)
    assert f"is frozen, by its control group /{group.folder.name}" in complaint
    assert "Thaw it" in complaint
    assert digest(gdb) == before


def test_a_frozen_process_is_refused_and_not_waited_for(gdb, group):
    # GIVEN a process that is frozen, as by "docker pause"
    group.freeze(True)

    # THEN it is not saved
    check_refused(gdb, group, "snapshot save")

    # WHEN it is thawed THEN it can be saved, and not be rewound when frozen again
    group.freeze(False)
    gdb("snapshot save")
    gdb.go(until="changed")
    group.freeze(True)
    check_refused(gdb, group, "snapshot restore")
    group.freeze(False)
    gdb("snapshot restore")
    assert gdb.finish_program() == 0
