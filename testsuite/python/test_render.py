# SPDX-License-Identifier: GPL-3.0-or-later
"""What list and show print."""

import pytest
from gdbsnapshot import render, render_state
from gdbsnapshot.render import Column, Page
from gdbsnapshot.store import Displaced, Store
from samples import Snapshot, entry, frame, mapping, register, thread


@pytest.mark.parametrize(
    "count, text",
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (1023 * 1024, "1023 KiB"),
        (1024 * 1024 - 1, "1 MiB"),
        (1234567, "1.18 MiB"),
        (5 << 40, "5 TiB"),
        (5000 << 40, "5000 TiB"),
    ],
)
def test_sizes_have_three_digits_and_a_unit(count, text):
    assert render.size(count) == text


COLUMNS = (Column("Name"), Column("Size", right=True), Column("Note", shrinks=True))


def test_columns_are_aligned_and_lines_have_no_blanks_at_their_ends():
    text = render.table(COLUMNS, [("a", "10", "x"), ("longer", "9", "")])
    assert text.splitlines() == [
        "Name    Size  Note",
        "a         10  x",
        "longer     9",
    ]


def test_a_column_that_says_nothing_is_left_out():
    assert "Note" not in render.table(COLUMNS, [("a", "10", "")])


@pytest.mark.parametrize("width", [20, 30, 40])
def test_a_table_keeps_to_the_width_where_it_can(width):
    text = render.table(COLUMNS, [("a", "10", "x" * 100)], Page(width))
    assert max(map(len, text.splitlines())) <= width
    assert "…" in text


def test_without_a_width_nothing_is_cut():
    text = render.table(COLUMNS, [("a", "10", "x" * 300)], Page(None))
    assert "x" * 300 in text


def test_styles_do_not_count_as_width():
    # GIVEN a style that adds letters
    def loud(kind, text):
        return f"<{kind}>{text}</>"

    columns = (Column("Name", "variable"), Column("Size"))
    text = render.table(columns, [("a", "10"), ("longer", "9")], Page(None, loud))

    # THEN the columns are where they are without it
    assert "<variable>a</>       10" in text
    assert "<variable>longer</>  9" in text


def test_the_list_marks_the_current_snapshot():
    # GIVEN two snapshots, the process at the first
    store = Store()
    first = entry("first", time=10, note="whole")
    store.add(first)
    store.add(entry("second", time=20, pid=101))
    store.set_current(first)

    # THEN it has the asterisk, and its note, place and process are there
    title, one, two = render.listing(store).splitlines()
    assert one.startswith("*  first") and one.endswith("whole")
    assert "work at sample.c:7" in one and " 100 " in one
    assert not two.startswith("*")


def test_a_process_that_is_the_only_one_is_not_named():
    store = Store()
    store.add(entry("first", pid=12345))
    assert "12345" not in render.listing(store)


def test_the_list_draws_branches_and_says_how_far_the_process_has_gone():
    # GIVEN a process that was put back from the second to the first, and went on
    store = Store()
    for name in ("first", "second"):
        store.mark(entry(name))
        store.timeline.resumed(100)
    store.set_current(store.known("first"))
    store.timeline.resumed(100)
    store.mark(entry("third"))
    store.timeline.resumed(100)
    store.timeline.resumed(100)

    # THEN the second stands behind a bar, and the third is two resumptions ago
    title, *lines, last = render.listing(store).splitlines()
    assert [line[3:11].rstrip() for line in lines] == ["first", "| second", "third"]
    assert lines[2].startswith("*")
    assert last == "Process 100 is 2 resumptions after third."


def test_the_list_says_what_a_snapshot_holds_alone():
    # GIVEN a snapshot of 4 KiB, of which it shares 3
    store = Store()
    store.add(entry("first"))

    # THEN both are there
    title, line = render.listing(store).splitlines()
    assert "Alone" in title and "Shared" in title
    assert line.index("1 KiB") < line.index("3 KiB")


def test_what_went_to_make_room_is_said_with_the_save():
    # GIVEN a save for which another had to go, and that was not enough
    saved = entry("s2")
    saved.displaced = (Displaced("s1", 4096),)
    saved.excess = 1 << 20

    # THEN both are said
    said = render.saved(saved)
    assert "Snapshot s1 deleted to make room, 4 KiB freed.\n" in said
    assert "1 MiB over their limit" in said


def test_an_empty_list_says_how_to_begin():
    assert "snapshot save" in render.listing(Store())


def test_a_save_is_one_line_and_what_was_left_out():
    # GIVEN a snapshot in which something could not be captured
    saved = entry("s1")
    saved.snapshot.omissions = ["the ring buffer of an io_uring"]

    # THEN nothing is silent
    assert render.saved(saved).splitlines() == [
        "Snapshot s1: 1 thread, 4 KiB.",
        "Not captured: the ring buffer of an io_uring",
    ]


def test_a_backtrace_has_functions_files_and_lines():
    # GIVEN frames with all, without a line, and with nothing known
    snapshot = Snapshot(threads=[thread(100), thread(101, stop_signal=11)])
    snapshot.frames[100] = [
        frame(),
        frame(function="asm", file=None, line=0),
        frame(function=None, file=None, line=0, module=None),
    ]
    snapshot.end_reason = "no unwind table"

    # THEN each says what is known of it, and why there are no more
    text = render.threads(snapshot)
    assert "#0  0x0000000000401000 in work at sample.c:7\n" in text
    assert "#1  0x0000000000401000 in asm+4 from /bin/sample\n" in text
    assert "#2  0x0000000000401000\n" in text
    assert "(ends here: no unwind table)" in text
    assert 'Thread 100 "worker" (selected)' in text
    assert 'Thread 101 "worker" (stopped by SIGSEGV)' in text


@pytest.mark.parametrize(
    "form, value, text",
    [
        ("uint", b"\x01" + bytes(7), "0x1"),
        ("flags", b"\x46\x02\x00\x00", "0x246"),
        ("address", b"\x00\x10\x40" + bytes(5), "0x0000000000401000"),
        ("vector", bytes(range(16)), "0x0f0e0d0c0b0a0908_0706050403020100"),
        ("vector", bytes(range(8)), "0x0706050403020100"),
        ("float", bytes.fromhex("00000000000000c0ff3f"), "0x3fffc000000000000000  1.5"),
        ("float", bytes(10), "0x00000000000000000000  0"),
        (
            "float",
            bytes.fromhex("0000000000000080ffff"),
            "0xffff8000000000000000  -inf",
        ),
        ("float", bytes.fromhex("00000000000000c0ff7f"), "0x7fffc000000000000000  nan"),
    ],
)
def test_a_register_is_shown_with_its_highest_byte_first(form, value, text):
    assert render.register_text(register("r", value, form)) == text


def test_the_largest_and_the_least_x87_number_are_numbers():
    largest = register("st0", b"\xff" * 8 + b"\xfe\x7f", "float")
    least = register("st0", b"\x01" + bytes(9), "float")
    assert render.register_text(largest).endswith("  1.18973149535723177e+4932")
    assert render.register_text(least).endswith("  3.6451995318824746e-4951")


def test_all_registers_are_there_by_name():
    snapshot = Snapshot()
    snapshot.register_list = [
        register("rax", b"\x05" + bytes(7)),
        register("zmm31", b"\xab" * 64, "vector", "vector"),
    ]
    text = render.registers(snapshot)
    assert "  rax    0x5\n" in text
    assert "  zmm31  0x" + "_".join(["ab" * 8] * 8) in text


def test_memory_says_what_is_held_of_each_mapping():
    snapshot = Snapshot()
    snapshot.mapping_list = [
        mapping(),
        mapping(0x7F0000, 0x7F1000, contents="none", held=0, name="[vdso]"),
    ]
    lines = render.memory(snapshot).splitlines()
    assert lines[1].split() == (
        "0x000000400000 0x000000402000 8 KiB rw-p 4 KiB file /bin/sample".split()
    )
    assert "not captured" in lines[2] and lines[2].endswith("[vdso]")


def test_state_says_what_was_captured_and_what_was_not():
    # GIVEN a thread with everything, and one with nothing
    snapshot = Snapshot(
        threads=[
            thread(
                100,
                sigmask=1 << 9,
                altstack=(0x7000, 8192, 1),
                interrupted_syscall=230,
                stop_signal=11,
            ),
            thread(
                101,
                sigmask=None,
                altstack=None,
                rseq=None,
                robust_list=None,
                tid_address=None,
            ),
        ]
    )

    # THEN each fact has a line in the first
    first, second = render_state.state(snapshot).split("Thread 101")
    assert "Blocked signals:  SIGUSR1\n" in first
    assert "Alternate stack:  0x7000, 8 KiB, in use\n" in first
    assert "rseq area:        0x7f00, 32 bytes, signature 0x53053053\n" in first
    assert "System call:      number 230, will be made again\n" in first
    assert "Stopped by:       SIGSEGV\n" in first
    assert "Register sets:    general 216 bytes\n" in first

    # AND the second is silent about none
    assert second.count("not captured") == 5


def test_state_says_what_the_kernel_keeps_of_the_process():
    # GIVEN a process with a folder of an odd name, limits and flags
    text = render_state.state(Snapshot())

    # THEN each fact is one line, and what says nothing is left out
    assert r"Folder:           /srv/two\nlines" in text.splitlines()[4]
    assert "Limits:           CORE 0 of unlimited, NOFILE 256\n" in text
    assert "Umask:            022\n" in text
    assert "CPUs:             0-3,8\n" in text
    assert "Nice:             -5\n" in text
    assert "Cap effective:    0x10000000000\n" in text
    assert "Root inode" not in text and "Groups" not in text


def test_the_header_names_file_note_and_parent():
    snapshot = Snapshot()
    snapshot.note = "before the crash"
    snapshot.parent = "99999999-0000-0000-0000-000000000000"
    text = render.header(snapshot, "a", "/tmp/a.core")
    for fact in ("before the crash", "/tmp/a.core", snapshot.uuid, snapshot.parent):
        assert fact in text


def test_names_of_others_stay_on_their_line_and_do_nothing_to_a_terminal():
    # GIVEN names as any program can have them, and one that is not text
    odd = "two\nlines\x1b[31m \udcff"
    snapshot = Snapshot(threads=[thread(comm=odd)])
    snapshot.exe = snapshot.command_line = snapshot.note = odd
    snapshot.frames = {100: [frame(odd, file=odd), frame(odd, file=None, module=odd)]}
    snapshot.mapping_list = [mapping(name=odd)]
    snapshot.omissions = [odd]
    snapshot.pid = snapshot.current_tid = 100
    snapshots = Store()
    snapshots.add(entry("a", note=odd, location=odd))

    # WHEN they are shown
    for text in (
        render.header(snapshot, odd, odd),
        render.threads(snapshot),
        render.memory(snapshot),
        render_state.state(snapshot),
        render.listing(snapshots),
    ):
        # THEN what is no letter is written out, and all can be written
        assert r"two\nlines\x1b[31m \xff" in text
        assert "\x1b" not in text and "two\n" not in text
        text.encode()


def test_names_in_any_language_are_left_alone():
    assert render.printable("naïve Größe 大小 (deleted)") == "naïve Größe 大小 (deleted)"


def test_state_tells_of_signals_and_timers():
    # GIVEN a snapshot with handlers, pending signals and timers
    snapshot = Snapshot()
    found = snapshot.state()
    action = {"handler": 0x401000, "flags": 0, "restorer": 0, "mask": 0}
    found["signals"]["actions"] = {10: action, 13: {**action, "handler": 1}}
    info = (34).to_bytes(4, "little") + bytes(124)
    found["signals"]["pending"] = [info, info]
    (tid,) = found["threads"]
    found["threads"][tid]["signals"]["pending"] = [b"\x0a" + bytes(127)]
    found["timers"]["intervals"] = [(1500000000, 0), (0, 0), (0, 0)]
    timer = {"id": 3, "clock": 1, "signal": 14, "notify": 4, "tid": tid, "value": 0}
    timer.update(overrun=0, time=(2000000000, 500000000))
    found["timers"]["posix"] = [timer]
    snapshot.state = lambda: found

    # WHEN it is shown
    text = render_state.state(snapshot)

    # THEN each has its line, and what is off has none
    assert "SIGUSR1:          handler 0x401000\n" in text
    assert "SIGPIPE:          ignored\n" in text
    assert "Pending:          2 SIGRTMIN\n" in text
    assert "Pending signals:  SIGUSR1\n" in text
    assert "ITIMER_REAL:      1.500 s left\n" in text
    assert "ITIMER_PROF" not in text
    assert (
        "Timer 3:          clock 1, 2.000 s left, then every 0.500 s,"
        f" SIGALRM to thread {tid}\n"
    ) in text

    # THEN what was not captured is named
    found["signals"] = {"actions": None, "pending": None}
    found["timers"] = {"intervals": None, "posix": None}
    assert render_state.state(snapshot).count("not captured") >= 3
