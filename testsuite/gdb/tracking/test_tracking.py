# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a program does to its memory, a save and a restore that look only at what
may have changed do the same as those that compare everything."""

import contextlib
import os
from pathlib import Path

import pytest
from evidence import digest
from marks import kernel, needs_guards


def huge_pages():
    """How many the kernel has; on POWER8 it has the file, and answers EOPNOTSUPP."""
    try:
        return int(Path("/proc/sys/vm/nr_hugepages").read_text(encoding="ascii"))
    except OSError:
        return 0


HUGE_PAGES = huge_pages()
SCENES = (
    "store make grow regrow move swap replace protect drop free kernel other fork"
    " huge merged readonly"
).split()


def tracking(gdb):
    """How changed pages of the process are found; None: it is not watched."""
    return gdb.python("__import__('_snapshot').tracking(gdb.selected_inferior().pid)")


def reasons(gdb):
    """Why better ways are not used, by their names."""
    return dict(tracking(gdb)["why_not"])


def need_notes(gdb):
    """For stories that look at what is not done where the kernel notes writes."""
    if tracking(gdb)["way"] == "contents":
        pytest.skip(f"the kernel notes no writes here: {reasons(gdb)}")


def watched(pid):
    """How many mappings are registered with a userfaultfd for write protection."""
    return Path(f"/proc/{pid}/smaps").read_text(encoding="ascii").count(" uw")


def open_userfaultfds(gdb):
    """How many GDB has open."""
    folder = Path("/proc") / str(gdb.python("__import__('os').getpid()")) / "fd"
    links = []
    for entry in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            links.append(os.readlink(entry))
    return sum("userfaultfd" in link for link in links)


def check_complete(gdb, name):
    """A snapshot of where the process is holds what a comparison of all finds."""
    gdb("with snapshot tracking contents -- snapshot save compared")
    found = gdb.python(
        f"__import__('gdbsnapshot').diff('{name}', 'compared').difference"
    )
    assert not found["memory"] and not found["steps"], found
    gdb("snapshot delete compared")


def begin(gdb, target, scene):
    gdb.load(target("writes"))
    gdb("handle all nostop noprint pass")
    gdb.begin("saved", arguments=scene)


def check_back_and_forth(gdb):
    """Save, go on, save, and go back and forth between the two, and to the end."""
    gdb("snapshot save early")
    early = digest(gdb)
    gdb.go(until="changed")
    gdb("snapshot save late")
    late = digest(gdb)
    assert early != late
    for _ in range(2):
        gdb("snapshot restore early")
        assert digest(gdb) == early
        gdb("snapshot restore late")
        assert digest(gdb) == late
    check_complete(gdb, "late")
    # The program itself finds all as it was, and does the same again.
    gdb("snapshot restore early")
    check_complete(gdb, "early")
    gdb.go(until="changed")
    assert gdb.finish_program() == 0, gdb.program_says()


@pytest.mark.parametrize("scene", SCENES)
def test_what_is_noted_is_what_a_comparison_finds(gdb, target, scene):
    # GIVEN a program of which changes are noted in the best way that there is
    begin(gdb, target, scene)

    # WHEN its memory changes THEN snapshots before and after are true
    check_back_and_forth(gdb)


@pytest.mark.parametrize("scene", ["store", "swap", "huge"])
@pytest.mark.parametrize("way", ["userfaultfd", "soft-dirty", "contents"])
def test_every_way_finds_what_has_changed(gdb, target, scene, way):
    # GIVEN a user who has chosen a way
    begin(gdb, target, scene)
    gdb(f"set snapshot tracking {way}")

    # WHEN memory changes THEN snapshots are true, by this way or by comparing
    check_back_and_forth(gdb)
    assert gdb("show snapshot tracking").endswith(f" is {way}.\n")


@pytest.mark.skipif(not HUGE_PAGES, reason="no huge pages are set aside")
def test_pages_of_hugetlbfs_are_looked_at_as_a_whole(gdb, target):
    begin(gdb, target, "hugetlb")
    check_back_and_forth(gdb)


def test_what_the_debugger_writes_is_found(gdb, target):
    # GIVEN a snapshot
    begin(gdb, target, "readonly")
    page = gdb.python("__import__('resource').getpagesize()")
    gdb("snapshot save early")
    early = digest(gdb)

    # WHEN the user changes a byte, also in memory that the program may not write to
    gdb(f"set var place[3 * {page}] = 42")
    gdb(f"set var place[8 * {page}] = 43")
    gdb("snapshot save late")

    # THEN it is in the next snapshot, and gone with the first
    check_complete(gdb, "late")
    gdb("snapshot restore early")
    assert digest(gdb) == early
    gdb("snapshot restore late")
    assert gdb.value(f"(int)place[3 * {page}]") == 42
    assert gdb.value(f"(int)place[8 * {page}]") == 43


def test_a_program_that_watches_memory_itself_is_not_watched(gdb, target):
    # GIVEN a program with a userfaultfd of its own
    begin(gdb, target, "watching")
    gdb("snapshot save early")

    # THEN it is left alone, which is said
    assert tracking(gdb)["way"] != "userfaultfd"
    said = "the program uses userfaultfd itself"
    assert reasons(gdb)["userfaultfd"] == said
    assert said in gdb("snapshot show -state")
    assert said in gdb("maintenance snapshot status")

    # WHEN its own userfaultfd brings a page THEN that is found
    gdb.go(until="changed")
    gdb("snapshot save late")
    check_complete(gdb, "late")


def test_a_program_that_begins_to_watch_memory_is_watched_no_more(gdb, target):
    # GIVEN a snapshot, and then a program that makes a userfaultfd
    begin(gdb, target, "watch-later")
    gdb("snapshot save early")
    gdb.go(until="changed")

    # WHEN it is saved THEN the kernel notes nothing for us any more
    gdb("snapshot save late")
    why = reasons(gdb)["userfaultfd"]
    if kernel() < (6, 7):
        assert "Linux 6.7 has" in why
    else:
        assert why == "the program uses userfaultfd itself"
    assert open_userfaultfds(gdb) == 0
    check_complete(gdb, "late")


def test_a_process_under_seccomp_makes_no_calls_for_it(gdb, target):
    # GIVEN a process under seccomp
    begin(gdb, target, "confined")
    gdb("snapshot save early")

    # THEN why it is not watched is said
    assert "seccomp" in reasons(gdb)["userfaultfd"]

    # WHEN it goes on THEN what has changed is found
    gdb.go(until="changed")
    gdb("snapshot save late")
    check_complete(gdb, "late")


def test_a_program_that_was_replaced_is_not_taken_for_what_it_was(gdb, target):
    # GIVEN a process with a snapshot that executes another program
    begin(gdb, target, "exec")
    gdb("snapshot save early")
    before = tracking(gdb)["way"]
    gdb.go(until="saved")

    # WHEN that is saved THEN it is looked at anew, and watched as the first one was
    gdb("snapshot save middle")
    check_complete(gdb, "middle")
    gdb("snapshot save first")
    first = digest(gdb)
    assert tracking(gdb)["way"] == before
    gdb.go(until="changed")
    gdb("snapshot restore first")
    assert digest(gdb) == first


@needs_guards
def test_a_mapping_with_guards_stays_one_mapping(gdb, target):
    # GIVEN a mapping with guards in its midst
    gdb.load(target("advice"))
    gdb.begin("saved", arguments="guarded")
    maps = Path(f"/proc/{gdb.inferior}/maps")
    before = maps.read_text(encoding="ascii")

    # WHEN it is watched THEN it is not split for that
    gdb("snapshot save early")
    need_notes(gdb)
    early = digest(gdb)
    assert maps.read_text(encoding="ascii") == before

    # WHEN there are other guards, and it is rewound THEN it is as it was
    gdb.go(until="changed")
    gdb("snapshot restore early")
    assert digest(gdb) == early


def test_only_what_has_changed_is_looked_at(gdb, target):
    # GIVEN a process with 16 MiB and four threads, of which three wait
    gdb.load(target("pages"))
    gdb.begin("changed")
    gdb("snapshot save early")
    need_notes(gdb)

    # WHEN it has stored to three pages and is rewound
    gdb.go(until="changed")
    gdb("snapshot restore early")

    # THEN three pages are written, few are compared, and one thread is landed
    page = gdb.python("__import__('resource').getpagesize()")
    report = gdb.python("__import__('gdbsnapshot').verbs.last_report")
    assert report["threads"] == 4
    assert report["landed"] == 1
    assert report["bytes_written"] <= 12 * page
    assert report["bytes_compared"] <= 2 << 20
    assert "1 of 4 threads" in gdb("maintenance snapshot status")


def test_a_deleted_snapshot_takes_nothing_along_that_is_known(gdb, target):
    # GIVEN three snapshots
    gdb.load(target("pages"))
    gdb.begin("changed")
    for name in ("one", "two", "three"):
        gdb(f"snapshot save {name}")
        gdb.go(until="changed")
    need_notes(gdb)

    # WHEN the one that changes are counted from is deleted
    gdb("snapshot delete three")

    # THEN what has changed is known all the same, and right
    assert tracking(gdb)["is_marked"]
    calls = "__import__('_snapshot').last_call_count()"
    gdb("snapshot save four")
    check_complete(gdb, "four")
    for name in ("two", "four", "one"):
        gdb(f"snapshot restore {name}")
        check_complete(gdb, name)
    assert gdb.python(calls) > 0


@pytest.mark.parametrize(
    "leave", ["detach", "snapshot delete -all", "set snapshot tracking contents"]
)
def test_a_process_that_is_left_alone_is_not_watched(gdb, target, leave):
    # GIVEN a process that is watched
    begin(gdb, target, "rest")
    pid = gdb.inferior
    assert watched(pid) == 0
    gdb("snapshot save")
    need_notes(gdb)
    is_userfaultfd = tracking(gdb)["way"] == "userfaultfd"
    assert (watched(pid) > 0) == is_userfaultfd
    assert open_userfaultfds(gdb) == is_userfaultfd

    # WHEN there is no reason any more to watch it
    gdb(leave)

    # THEN nothing of us is in it
    assert watched(pid) == 0
    assert open_userfaultfds(gdb) == 0

    if leave == "detach":
        gdb(f"attach {pid}")
    gdb("kill")


@pytest.mark.parametrize("leave", ["kill", "continue"])
def test_a_process_that_has_ended_is_forgotten(gdb, target, leave):
    # GIVEN a process that is watched
    begin(gdb, target, "store")
    gdb("snapshot save")
    need_notes(gdb)

    # WHEN it is gone
    gdb("delete")
    gdb(leave)

    # THEN nothing is kept open for it
    assert open_userfaultfds(gdb) == 0
    assert "Process" not in gdb("maintenance snapshot status")
