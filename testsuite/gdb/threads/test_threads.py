# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that have come since a save are gone, those that have gone are back."""

import os
import re

import pytest
from cpus import CPU
from marks import as_root, in_turns, watch
from support import check_list, tids

pytestmark = in_turns

# C libraries start threads by the one or by clone3, which is 435 everywhere and has a
# name in newer GDBs only.
CATCH_BIRTHS = "catch syscall clone 435"


def begin(gdb, target, words):
    """Run the guests to now(), and save."""
    gdb.run(target("guests"), until="now", arguments=words)
    gdb("snapshot save")
    return tids(gdb)


def test_a_thread_started_since_never_was(gdb, target):
    # GIVEN a save, and two more threads than there were
    saved = begin(gdb, target, "+1 ! +2 +3")
    gdb.go(until="then")
    assert len(tids(gdb) - saved) == 2

    # WHEN the program is rewound, with one of them selected
    gdb("thread 3")
    gdb("snapshot restore")

    # THEN they are gone, and come again
    assert tids(gdb) == saved
    check_list(gdb, 2)
    assert gdb.value("$_thread") == 1
    gdb.go(until="then")
    check_list(gdb, 4)
    assert gdb.finish_program() == 0


@as_root
def test_a_thread_that_has_ended_is_back(gdb, target):
    # GIVEN a save with three threads, and all but one have been joined since
    saved = begin(gdb, target, "+1 +2 +3 ! -2 -3 -1")
    seen = gdb.look()
    gdb.go(until="then")
    check_list(gdb, 1)

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN they are back, each with its number, its frames and its registers
    assert tids(gdb) == saved
    check_list(gdb, 4)
    again = gdb.look()
    assert again.keys() == seen.keys()
    for tid, thread in seen.items():
        assert [name for _, name in again[tid]["frames"]] == [
            name for _, name in thread["frames"]
        ]
        assert again[tid]["registers"][CPU.sp] == thread["registers"][CPU.sp]

    # THEN the condition they wait for and pthread_join() find them
    gdb.go(until="then")
    check_list(gdb, 1)
    assert gdb.finish_program() == 0


@as_root
def test_some_have_ended_and_others_have_come(gdb, target):
    # GIVEN a save; since then the threads were other ones
    saved = begin(gdb, target, "+1 +2 ! -2 +3 -1 +4 +5")
    gdb.go(until="then")
    late = tids(gdb)
    gdb("snapshot save late")
    assert late - saved and saved - late

    # WHEN the program goes back and forth in time
    for _ in range(3):
        gdb("snapshot restore s1")
        assert tids(gdb) == saved
        check_list(gdb)
        gdb("snapshot restore late")
        assert tids(gdb) == late
        check_list(gdb)

    # THEN it comes to its end from either
    gdb("snapshot restore s1")
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
def test_detached_threads(gdb, target):
    # GIVEN a save; since then one detached thread has ended, and one is new
    saved = begin(gdb, target, "d1 d2 ! l1 d3")
    gdb.go(until="then")

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN they are those of the save, and none is in another's way
    assert tids(gdb) == saved
    check_list(gdb, 3)
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
@pytest.mark.skipif(not CPU.has_tls, reason="GDB finds no variables of threads here")
def test_thread_local_storage_is_each_threads_own(gdb, target):
    # GIVEN three threads, each with a value of its own, as GDB sees it
    begin(gdb, target, "+7 +8 +9 ! -8 -9 -7")
    views = "[(t.ptid[1], t.switch(), int(gdb.parse_and_eval('mine'))) for t in %s]"
    views %= "sorted(gdb.selected_inferior().threads(), key=lambda t: t.ptid[1])"
    places = "thread apply all -q -s print &mine"
    seen = gdb.python(views), sorted(re.findall("0x[0-9a-f]+", gdb(places)))
    titles = set(re.findall(r"Thread 0x\w+ \(LWP \d+\)", gdb("info threads")))
    assert sorted(value for _, _, value in seen[0]) == [-1, 7, 8, 9]
    assert len(titles) == 4

    # WHEN they have ended and are brought back
    gdb.go(until="then")
    gdb("snapshot restore")

    # THEN GDB sees the same values, places and pthread numbers
    assert gdb.python(views) == seen[0]
    assert sorted(re.findall("0x[0-9a-f]+", gdb(places))) == seen[1]
    shown = set(re.findall(r"Thread 0x\w+ \(LWP \d+\)", gdb("info threads")))
    assert shown == titles

    # THEN so does the program
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
def test_a_thread_that_is_back_is_debugged_like_any_other(gdb, target):
    # GIVEN a thread that had ended and is back
    begin(gdb, target, "+1 ! -1")
    gdb.go(until="then")
    gdb("snapshot restore")

    # WHEN a breakpoint for it alone is set
    (thread,) = gdb.python(
        "[t.num for t in gdb.selected_inferior().threads()"
        " if t.ptid[1] != gdb.selected_inferior().pid]"
    )
    gdb(f"tbreak guests.h:{line_of('sum += number')} thread {thread}")
    gdb("continue")

    # THEN it comes there and can be stepped
    assert gdb.value("$_thread") == thread
    assert gdb.value("sum") == 0
    gdb("next")
    assert gdb.value("sum") == 1
    assert gdb.finish_program() == 0


def line_of(text):
    source = os.path.join(os.path.dirname(__file__), "guests.h")
    with open(source, encoding="utf-8") as lines:
        return next(i for i, line in enumerate(lines, 1) if text in line)


@as_root
def test_threads_that_are_back_get_signals(gdb, target):
    # GIVEN threads that have ended since the save
    begin(gdb, target, "+1 +2 ! poke -1 -2")
    gdb("handle SIGUSR1 nostop noprint pass")
    gdb.go(until="then")

    # WHEN they are brought back
    gdb("snapshot restore")

    # THEN each takes the signal that is sent to it, and waits on
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
@pytest.mark.parametrize("play", ["held", "robust"])
def test_a_mutex_is_held_by_the_thread_that_is_back(gdb, target, play):
    # GIVEN a save with a mutex held by a thread that has ended since
    gdb.run(target("locks"), until="inside", arguments=play)
    gdb("snapshot save")
    gdb.go(until="after")
    check_list(gdb, 1)

    # WHEN the program is rewound, twice
    for _ in range(2):
        gdb("snapshot restore")
        assert gdb.python("gdb.selected_frame().name()") == "inside"
        assert gdb.value("$_thread") != 1
        check_list(gdb)
        gdb.go(until="after")

    # THEN whoever waited gets it, and a robust one tells of its holder's end
    assert gdb.finish_program() == 0


def test_a_mutex_is_free_when_its_holder_never_was(gdb, target):
    # GIVEN a save; since then a new thread has locked a robust mutex
    gdb.run(target("locks"), until="before", arguments="new")
    gdb("snapshot save")
    gdb.go(until="inside")
    check_list(gdb, 2)

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN the mutex is free, and has not seen its holder die
    check_list(gdb, 1)
    assert gdb.value("$_thread") == 1
    gdb.go(until="after")
    assert gdb.finish_program() == 0


def test_a_thread_that_was_just_born(gdb, target):
    # GIVEN a save, and a thread of which GDB has seen the birth only
    saved = begin(gdb, target, "! +1")
    gdb("tbreak pthread_create")
    gdb("continue")
    gdb(CATCH_BIRTHS)
    assert "call to syscall" in gdb("continue")
    gdb("set scheduler-locking on")
    assert "returned from syscall" in gdb("continue")
    gdb(f"delete {gdb.number}")
    assert len(tids(gdb) - saved) == 1

    # WHEN the program is rewound
    gdb("snapshot restore")
    gdb("set scheduler-locking replay")

    # THEN it was never born
    assert tids(gdb) == saved
    check_list(gdb, 1)
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
def test_a_process_that_gdb_has_attached_to(gdb, target):
    # GIVEN a process that GDB has left and attached to again
    gdb.run(target("guests"), until="now", arguments="+1 ! hold -1 +2")
    pid = gdb.inferior
    gdb("tbreak hold")
    gdb("continue")
    gdb("detach")
    gdb(f"attach {pid}")
    saved = tids(gdb)
    gdb("snapshot save")

    # WHEN threads have come and gone, and it is rewound
    gdb("set var is_held = 0")
    gdb.go(until="then")
    assert tids(gdb) != saved
    gdb("snapshot restore")

    # THEN it has the threads of the save
    assert tids(gdb) == saved
    check_list(gdb, 2)
    gdb("set var is_held = 0")
    gdb.go(until="then")
    assert gdb.finish_program() == 0


@as_root
@pytest.mark.parametrize("inserted", ["off", "on"])
def test_breakpoints_and_watchpoints_stay(gdb, target, inserted):
    # GIVEN a watchpoint, breakpoints that threads come to, and a save
    gdb.load(target("guests"))
    gdb(f"set breakpoint always-inserted {inserted}")
    gdb.begin("now", arguments="+1 +2 ! -1 +3 -2")
    number = watch(gdb, "sum")
    gdb(f"break guests.h:{line_of('is_there[number] = 1')}")
    gdb(CATCH_BIRTHS)
    gdb("snapshot save")

    # WHEN it is rewound from a breakpoint in a thread that shall never have been
    for _ in range(2):
        assert "New value = 1" in gdb("continue")
        # The caught call returns before or after the thread that it starts is there.
        while "Breakpoint" not in gdb("continue"):
            pass
        assert not CPU.has_tls or gdb.value("mine") == 3
        gdb("snapshot restore")

        # THEN all are there, and tell the same again
        check_list(gdb, 3)
        assert gdb.value("sum") == 0
        assert gdb.hits(number) > 0
    assert "New value = 1" in gdb("continue")
    assert gdb.finish_program() == 0


@as_root
def test_a_front_end_is_told_who_comes_and_who_goes(sessions, target, folder):
    # GIVEN a front-end with a save; since then one thread has ended, and one is new
    mi = sessions.mi(target("guests"))
    mi(f"-exec-arguments +1 ! -1 +2 </dev/null >{folder}/inferior.out")
    mi("-break-insert -t now")
    mi("-exec-run")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    saved = mi("-thread-info")
    mi("-snapshot-save")
    mi("-break-insert -t then")
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')

    # WHEN it has the program rewound
    late = mi("-thread-info")
    mi("-snapshot-restore")

    # THEN its list is that of the save, and it has been told of the changes
    def names(text):
        return sorted(re.findall(r'target-id="([^"]*)"', text))

    assert names(mi("-thread-info")) == names(saved) != names(late)
    assert any(line.startswith("=thread-created") for line in mi.records)
    assert any(line.startswith("=thread-exited") for line in mi.records)
    assert 'func="now"' in mi("-stack-info-frame")


@as_root
@pytest.mark.slow
def test_five_hundred_threads(gdb, target):
    # GIVEN a save with five hundred threads, all of which have ended since
    saved = begin(gdb, target, "*500 ! /500 +501 +502")
    assert len(saved) == 501
    gdb.go(until="then")

    # WHEN the program is rewound
    gdb("snapshot restore", timeout=120)

    # THEN they are all back
    assert tids(gdb) == saved
    check_list(gdb, 501)
    gdb.go(until="then", timeout=120)
    assert gdb.finish_program() == 0


def test_who_may_not_choose_numbers_is_told_so(gdb, target):
    # GIVEN a thread that has ended, in a program that is not root's
    words = "nobody " if os.geteuid() == 0 else ""
    begin(gdb, target, f"{words}+1 ! -1")
    gdb.go(until="then")
    seen = gdb.look()

    # WHEN it is to be rewound
    for command in ("snapshot restore", "snapshot restore -dry-run"):
        complaint = gdb.refuses(command)

        # THEN the reason and the remedy are told, and nothing has happened
        assert "has ended since" in complaint
        assert "may not start one with the same number" in complaint
        assert "CAP_CHECKPOINT_RESTORE" in complaint
        assert gdb.look() == seen
    check_list(gdb, 1)
    assert gdb.finish_program() == 0


@as_root
@pytest.mark.slow
def test_a_restore_that_fails_leaves_the_threads_that_there_are(gdb, target):
    # GIVEN a program of which a thread has ended since the save, and one is new
    begin(gdb, target, "+1 +2 ! -1 +3")
    gdb.go(until="then")
    gdb("snapshot restore")
    calls = gdb.python("__import__('_snapshot').last_call_count()")
    gdb.go(until="then")

    # WHEN calls into the kernel fail, one in each attempt
    failed = 0
    for number in range(1, calls, 17):
        late, seen = tids(gdb), gdb.look()
        gdb(f"maintenance snapshot fail-at {number}")
        err = gdb.ask("snapshot restore")[1]
        gdb("maintenance snapshot fail-at 0")
        check_list(gdb)
        if not err.strip():
            # It was done another way.
            gdb.go(until="then")
            continue

        # THEN that is said, and the threads are what they were, also to GDB
        assert "Input/output error" in err, (number, err)
        assert tids(gdb) == late, number
        assert gdb.look() == seen, number
        failed += 1

    # THEN it works when none fails
    assert failed > 20
    gdb("snapshot restore")
    gdb.go(until="then")
    assert gdb.finish_program() == 0
