# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots share what did not change, and take no more room than they may."""

import os
import re
from pathlib import Path

import pytest

KIB = 1 << 10
UNIT = 4 << 10
"""What is kept or shared as one, whatever the size of the kernel's pages."""
CHANGED = 64
OTHERS = 64
"""Pages that change anyway: stack, the C library's data, GDB's breakpoints."""


@pytest.fixture
def page(gdb, target):
    """The size of a page of a program that has been started."""
    gdb.run(target("rounds"), until="tick")
    return gdb.value("page_words") * 8


def save(gdb, *names):
    """Take snapshots, each a round after the one before."""
    for number, name in enumerate(names):
        if number:
            gdb.go(until="tick")
        gdb(f"snapshot save {name}")


def usage(gdb, name):
    """What a snapshot has alone, and what it shares."""
    found = gdb.python(f"__import__('gdbsnapshot').find('{name}').snapshot.usage")
    return found["alone"], found["shared"]


def room(gdb):
    return gdb.python("__import__('_snapshot').store()")["pages"]


def check_rounds_from(gdb, name):
    """A snapshot is put back, and the program finds all as it was."""
    gdb(f"snapshot restore {name}")
    assert gdb.finish_program() == 0


def test_a_snapshot_takes_what_has_changed(gdb, page):
    # GIVEN a snapshot of a process
    save(gdb, "first")
    whole = room(gdb)
    assert whole >= 2048 * page

    # WHEN there are nine more, with 64 pages changed before each
    for number in range(9):
        gdb.go(until="tick")
        gdb(f"snapshot save n{number}")

    # THEN they take that much more, tables and all
    found = gdb.python("__import__('_snapshot').store()")
    more = found["pages"] + found["tables"] - whole
    assert more <= 9 * (CHANGED + OTHERS) * page
    assert more >= 9 * CHANGED * UNIT
    check_rounds_from(gdb, "n3")


def test_a_snapshot_of_what_did_not_change_takes_nothing(gdb, page):
    save(gdb, "first")
    before = room(gdb)
    gdb("snapshot save again")
    assert room(gdb) - before <= OTHERS * page
    check_rounds_from(gdb, "again")


def test_the_list_says_what_is_alone_and_what_is_shared(gdb, page):
    # GIVEN three snapshots
    save(gdb, "first", "second", "third")

    # THEN what changed before a snapshot and again after it is its own
    alone, shared = usage(gdb, "second")
    assert CHANGED * UNIT <= alone <= (CHANGED + OTHERS) * page
    assert shared >= (2048 - CHANGED - OTHERS) * page
    said = gdb("snapshot list")
    assert re.search(r"Alone +Shared", said)
    line = re.search(r"(?m)^ +second .*$", said)[0]
    assert re.search(r"\d (bytes|[KM]iB) +[\d.]+ MiB", line), line


def test_deleting_one_in_the_middle_frees_its_own_pages(gdb, page):
    # GIVEN three snapshots
    save(gdb, "first", "second", "third")
    alone, _ = usage(gdb, "second")
    before = room(gdb)

    # WHEN the one in the middle is deleted
    said = gdb("snapshot delete second")

    # THEN so much is free, and the others are whole
    assert before - room(gdb) == alone
    assert "freed" in said
    gdb("snapshot restore first")
    check_rounds_from(gdb, "third")


def test_deleting_the_last_one_saved_frees_its_own_pages(gdb, page):
    # GIVEN two snapshots, and the last is the one that the next save goes by
    save(gdb, "first", "second")
    alone, _ = usage(gdb, "second")
    before = room(gdb)

    # WHEN it is deleted
    gdb("snapshot delete second")

    # THEN its pages are free, and the next one shares with the first
    assert before - room(gdb) == alone
    gdb("snapshot save third")
    assert usage(gdb, "third")[0] <= (CHANGED + OTHERS) * page
    check_rounds_from(gdb, "first")


def test_all_is_given_back_with_the_last_snapshot(gdb, page):
    save(gdb, "first", "second")
    gdb("snapshot delete -all")
    assert room(gdb) == 0


def test_a_limit_takes_the_oldest_that_has_no_name(gdb, page):
    # GIVEN a snapshot with a name, two without, and a limit that holds some more
    save(gdb, "mine", "", "")
    limit = (room(gdb) + 4 * CHANGED * UNIT) // KIB
    gdb(f"set snapshot limit {limit}K")
    assert f"may take {limit}K" in gdb("show snapshot limit")

    # WHEN there are more, until there is no room
    said = ""
    for number in range(8):
        gdb.go(until="tick")
        said += gdb("snapshot save")

    # THEN the oldest of those without a name went, which was said
    assert re.search(r"Snapshot s1 deleted to make room, .* freed", said)
    listed = gdb("snapshot list")
    assert "mine" in listed and " s1 " not in listed
    assert " s10 " in listed
    assert room(gdb) <= limit * KIB
    check_rounds_from(gdb, "mine")


def test_snapshots_with_names_stay_beyond_the_limit(gdb, page):
    # GIVEN a limit that not even one snapshot fits in
    gdb("set snapshot limit 1M")

    # WHEN two are taken by name
    save(gdb, "first", "second")

    # THEN both are there, and that it is too much was said
    assert "over their limit" in gdb("snapshot save third")
    listed = gdb("snapshot list")
    assert all(name in listed for name in ("first", "second", "third"))
    check_rounds_from(gdb, "first")


def test_a_lower_limit_counts_at_once(gdb, page):
    save(gdb, "", "", "")
    said = gdb("set snapshot limit 1K")
    assert said.count("deleted to make room") == 3
    assert room(gdb) == 0


@pytest.mark.parametrize("wrong", ["much", "-1M", "1X", "1.2.3G"])
def test_a_limit_that_is_none_is_refused(gdb, wrong):
    gdb("set snapshot limit 5G")
    assert "unlimited" in gdb.refuses(f"set snapshot limit {wrong}")
    assert "may take 5G" in gdb("show snapshot limit")


def files_of(gdb, folder):
    """Sizes on disk of the files without a name that GDB has open in a folder."""
    found = []
    for fd in Path(f"/proc/{gdb.pid}/fd").iterdir():
        try:
            if os.readlink(fd).startswith(f"{folder}/"):
                found.append(os.stat(fd).st_blocks * 512)
        except FileNotFoundError:
            continue
    return found


def test_snapshots_are_kept_in_a_file_where_wanted(gdb, page, folder):
    # GIVEN a snapshot in memory
    gdb("snapshot save first")
    assert "in memory" in gdb("show snapshot directory")

    # WHEN a directory is set, and another is saved
    gdb(f"set snapshot directory {folder}")
    assert str(folder) in gdb("show snapshot directory")
    gdb.go(until="tick")
    gdb("snapshot save second")

    # THEN it is in a file there that nobody sees, and both can be restored
    (size,) = [size for size in files_of(gdb, folder) if size > 2000 * page]
    assert not list(folder.glob("gdb-snapshot*"))
    gdb("snapshot restore first")
    check_rounds_from(gdb, "second")


def test_a_directory_that_cannot_be_used_is_refused(gdb, page, folder):
    said = gdb.refuses(f"set snapshot directory {folder}/none")
    assert "No such file or directory" in said and "Name a folder" in said
    assert "in memory" in gdb("show snapshot directory")
    save(gdb, "first")
    check_rounds_from(gdb, "first")


MOUNT = (
    "__import__('ctypes').CDLL(None, use_errno=True).unshare(0x20000)"
    " or __import__('ctypes').CDLL(None).mount(b'none', b'/', None, 0x44000, None)"
    " or __import__('ctypes').CDLL(None).mount("
    "b'none', b'{}', b'tmpfs', 0, b'size=1m')"
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_a_sentence(gdb, page, folder):
    # GIVEN a directory on a disk that is too small
    small = folder / "small"
    small.mkdir()
    if gdb.python(MOUNT.format(small)):
        pytest.skip("a disk cannot be mounted here")
    gdb(f"set snapshot directory {small}")

    # WHEN a snapshot is taken
    said = gdb.refuses("snapshot save first")

    # THEN it is said why there is none, and what helps
    assert f"'{small}'" in said and "No space left on device" in said
    assert "Make room on that disk" in said
    assert "No snapshots" in gdb("snapshot list")

    # and in memory there is room, and the process goes on
    gdb("set snapshot directory")
    save(gdb, "first")
    gdb.go(until="tick")
    check_rounds_from(gdb, "first")


def test_an_image_is_read_into_the_store(gdb, page, folder):
    # GIVEN a snapshot that was exported and deleted
    save(gdb, "first")
    gdb(f"snapshot export first {folder}/image")
    gdb("snapshot delete first")
    assert room(gdb) == 0

    # WHEN it is imported
    gdb(f"snapshot import {folder}/image")

    # THEN it is in the store, and the next save shares with what was put back
    assert usage(gdb, "first")[0] >= 2048 * page
    gdb("snapshot restore first")
    gdb("snapshot save second")
    assert usage(gdb, "second")[0] <= OTHERS * page
    check_rounds_from(gdb, "first")


def test_the_front_end_is_told_what_is_shared_and_what_went(sessions, target, folder):
    # GIVEN a front-end with two snapshots, one without a name
    mi = sessions.mi(target("rounds"))
    mi(f"-exec-arguments </dev/null >{folder}/inferior.out")
    mi("-break-insert tick")
    mi("-exec-run")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi("-snapshot-save")
    mi("-snapshot-save mine")
    assert re.search(r'alone="\d+",shared="[1-9]\d+"', mi("-snapshot-list"))

    # WHEN there is a limit
    mi("-gdb-set snapshot limit 1M")
    result = mi("-snapshot-save")

    # THEN what is too much is a field
    assert "excess=" in result
    assert 'name="s1"' not in mi("-snapshot-list")
