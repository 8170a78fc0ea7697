# SPDX-License-Identifier: GPL-3.0-or-later
"""The open files of a process are put back: descriptors, and what they refer to."""

import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from marks import kernel, needs_semaphores

TABLE = (
    "closed",
    "copy-closed",
    "opened",
    "swapped",
    "moved",
    "replaced",
    "close-on-exec",
    "broken-up",
    "full",
    "many",
)
STATUS = ("offset", "flags", "owner", "folder", "folder-closed")
COUNTERS = (
    "eventfd",
    pytest.param("eventfd-closed", marks=needs_semaphores),
    "timerfd",
    "timerfd-closed",
    "timerfd-expired",
    "timerfd-expires",
    "timerfd-absolute",
    "signalfd",
    "signalfd-closed",
)
PIPES = (
    "drained",
    "refilled",
    "closed",
    "writer-closed",
    "reader-closed",
    "crossed",
    "large",
    "large-closed",
    "packets",
    "packets-closed",
    "fifo",
    "fifo-closed",
)
SETS = (
    "removed",
    "changed",
    "target-closed",
    "target-replaced",
    "set-closed",
    "set-moved",
    "inotify",
    "inotify-closed",
)
LOCKS = (
    "flock",
    "flock-closed",
    "ofd",
    "ofd-closed",
    "posix",
    "posix-closed",
    "posix-opened",
)
ODD = ("odd-name", "deep", "removed", "removed-twice", "device", "sockets")


@pytest.fixture(autouse=True)
def no_deep_folder_stays(folder: Path) -> Iterator[None]:
    """pytest cannot remove a folder whose path is too long, and stumbles over it."""
    yield
    subprocess.run(["rm", "-rf", "--", folder / ("x" * 200)], check=True)


def rewind(gdb, program, scene):
    """Play a scene; the program checks itself twice, and changes everything twice."""
    # GIVEN a program that has changed what it had set up
    gdb.run(program, until="saved", arguments=scene)
    gdb("handle SIG34 nostop noprint pass")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN it is rewound
    told = gdb("snapshot restore")

    # THEN it finds everything as it was, again and again
    gdb.go(until="changed")
    gdb("snapshot restore")
    gdb.go(until="changed")
    assert gdb.finish_program() == 0
    return told


@pytest.mark.parametrize("scene", TABLE)
def test_descriptors_are_what_they_were(gdb, target, scene):
    rewind(gdb, target("table"), scene)


@pytest.mark.parametrize("scene", STATUS)
def test_an_open_file_is_what_it_was(gdb, target, scene):
    rewind(gdb, target("status"), scene)


@pytest.mark.parametrize("scene", COUNTERS)
def test_what_counts_has_its_count(gdb, target, scene):
    rewind(gdb, target("counters"), scene)


@pytest.mark.skipif(kernel() >= (6, 5), reason="this kernel tells of semaphores")
def test_what_may_have_been_a_semaphore_is_named(gdb, target):
    # GIVEN a program that has closed a counter and a semaphore since its snapshot
    gdb.run(target("counters"), until="saved", arguments="eventfd-closed")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN it is rewound, THEN it is told of both that nobody knows
    assert gdb("snapshot restore").count("counts as a whole now") == 2


@pytest.mark.parametrize("scene", PIPES)
def test_a_pipe_has_what_was_in_it(gdb, target, scene):
    rewind(gdb, target("pipes"), scene)


@pytest.mark.parametrize("scene", SETS)
def test_what_watches_others_watches_the_same(gdb, target, scene):
    rewind(gdb, target("sets"), scene)


@pytest.mark.parametrize("scene", LOCKS)
def test_locks_are_held_that_were_held(gdb, target, scene):
    rewind(gdb, target("locks"), scene)


@pytest.mark.parametrize("scene", ODD)
def test_odd_files_are_put_back(gdb, target, scene):
    rewind(gdb, target("odd"), scene)


@pytest.mark.parametrize(
    "scene, words",
    [
        ("deep-closed", "path was too long"),
        ("removed-closed", "was removed, renamed or replaced"),
        ("nameless", "was removed, renamed or replaced"),
        ("memory", "was removed, renamed or replaced"),
        ("replaced", "was removed, renamed or replaced"),
        ("socket-closed", "a socket cannot be made again"),
    ],
)
def test_what_cannot_be_made_again_is_refused(gdb, target, scene, words):
    # GIVEN a program that has closed what cannot be made again
    gdb.run(target("odd"), until="saved", arguments=scene)
    gdb("snapshot save")
    gdb.go(until="changed")
    before = gdb.picture()

    # THEN the restore is refused, in one line, and nothing is touched
    complaint = gdb.refuses("snapshot restore")
    assert words in complaint
    assert gdb.picture() == before
    assert gdb.finish_program() == 0


def test_a_restore_says_what_it_has_kept(gdb, target):
    # WHEN a program with sockets, and one with files that it writes, are rewound
    told = rewind(gdb, target("odd"), "sockets")

    # THEN the sockets are named, and files are not spoken of
    assert told.count("Sockets are kept as they are: 3 (socket:") == 1
    assert "contents and sizes" not in told


def test_contents_of_files_are_spoken_of_once(gdb, target):
    told = rewind(gdb, target("table"), "closed")
    assert told.count("contents and sizes") == 1
    assert "3 (" in told and "two two" in told


def test_nothing_is_planned_for_files_that_did_not_change(gdb, target):
    gdb.run(target("table"), until="saved", arguments="closed")
    gdb("snapshot save")
    plan = gdb("snapshot restore -dry-run")
    assert "descriptor" not in plan
    gdb("snapshot restore")
    gdb.go(until="changed")
    assert gdb.finish_program() == 0


def test_an_image_brings_the_files_back(gdb, target, folder):
    # GIVEN a snapshot that only a file has
    gdb.run(target("pipes"), until="saved", arguments="packets-closed")
    gdb("snapshot save here -file image")
    gdb("snapshot delete here")
    gdb.go(until="changed")

    # WHEN the program is rewound with it, THEN the pipe is full again
    gdb("snapshot restore image")
    gdb.go(until="changed")
    assert gdb.finish_program() == 0


def test_show_tells_what_was_open(gdb, target):
    # GIVEN a snapshot of a program with a shared file, and one with an eventfd
    gdb.run(target("table"), until="saved", arguments="closed")
    gdb("snapshot save")

    # THEN its descriptors are shown, with what they share
    shown = gdb("snapshot show -state")
    assert "two two" in shown and "shared with 3" in shown
    assert "read, write, close-on-exec" in shown and "at 22" in shown
