# SPDX-License-Identifier: GPL-3.0-or-later
"""What diff prints."""

import pytest
from gdbsnapshot import core, render_diff
from gdbsnapshot.comparison import Comparison
from gdbsnapshot.render import Page
from samples import entry, register


def difference(**changes):
    empty = {
        "is_empty": not changes,
        "notes": [],
        "threads": [],
        "state": [],
        "registers": [],
        "memory": [],
        "memory_ranges": 0,
        "memory_bytes": 0,
        "steps": [],
        "refusals": [],
    }
    return {**empty, **changes}


def memory(*ranges, **changes):
    rows = [
        {
            "start": start,
            "end": end,
            "mapping": "/lib/sample",
            "mapping_start": 0x1000,
            "mapping_end": 0x9000,
            "is_unknown": False,
            "is_tags": False,
            **changes,
        }
        for start, end in ranges
    ]
    total = sum(end - start for start, end in ranges)
    return {"memory": rows, "memory_ranges": len(rows), "memory_bytes": total}


def nameless(addresses):
    return [None] * len(addresses)


def text(sections=(), namer=nameless, old="old", new="new", **changes):
    comparison = Comparison(entry(old), entry(new), False, difference(**changes))
    return render_diff.text(comparison, sections, Page(), namer)


@pytest.fixture(autouse=True)
def contents(monkeypatch):
    """The snapshots of these tests hold ones in the old and twos in the new one."""
    values = {"old": b"\1", "new": b"\2"}

    def read(snapshot, address, size):
        return values[snapshot.label] * size if snapshot.label else None

    monkeypatch.setattr(core, "read", read)


def test_nothing_is_one_sentence():
    assert text() == "Nothing differs between old and new.\n"


def test_what_was_not_asked_for_is_not_shown():
    event = {"tid": 5, "comm": "w", "event": "new"}
    assert text(("registers",), threads=[event]) == (
        "Nothing of that differs between old and new.\n"
    )
    assert 'new  5 "w"' in text(("threads",), threads=[event])
    assert 'new  5 "w"' in text(threads=[event])


def test_notes_come_first_and_also_without_a_difference():
    assert text(notes=["They are two."], is_empty=True).startswith("They are two.\n")
    said = text(notes=["They are two."], refusals=["it is gone"])
    assert said.splitlines()[:2] == ["From old to new:", "They are two."]


def test_registers_are_shown_before_and_after_by_thread():
    changes = [
        {
            "tid": 5,
            "comm": "w",
            "name": "rax",
            "old": register("rax", bytes([1]) + bytes(7)),
            "new": register("rax", bytes([2]) + bytes(7)),
        },
        {
            "tid": 6,
            "comm": "x",
            "name": "zmm0",
            "old": register("zmm0", bytes(64), "vector"),
            "new": register("zmm0", bytes([7]) + bytes(63), "vector"),
        },
        {"tid": 6, "comm": "x", "name": "tls", "old": None, "new": None},
    ]
    lines = text(registers=changes).splitlines()
    assert '  Thread 5 "w"' in lines
    assert "    rax  0x1 → 0x2" in lines
    # A pair that is wider than a page has a line for each.
    first = lines.index('  Thread 6 "x"') + 1
    assert lines[first].startswith("    zmm0  0x0000000000000000_")
    assert lines[first + 1].strip().startswith("→ 0x0000000000000000_")
    assert lines[first + 1].endswith("_0000000000000007")
    assert lines[first + 2] == "    tls   differs"


def test_of_many_threads_the_first_are_shown_and_all_on_demand():
    changes = [
        {"tid": tid, "comm": "w", "name": "tls", "old": None, "new": None}
        for tid in range(100, 110)
    ]
    assert "… and those of 6 more threads" in text(registers=changes)
    said = text(("registers",), registers=changes)
    assert "more" not in said and "Thread 109" in said


def test_memory_is_placed_by_symbol_stack_or_mapping():
    def namer(addresses):
        names = {0x2000: ("table", 0), 0x2003: ("table", 3), 0x2010: ("last", 4)}
        return [names.get(address) for address in addresses]

    said = text(("memory",), namer, **memory((0x2000, 0x2004), (0x2000, 0x2011)))
    assert "table in sample" in said
    assert "table to last+4 in sample" in said
    # The stack pointer of the sample's thread.
    stack = memory((0x2000, 0x2001), mapping_start=0x7FFEF000, mapping_end=0x7FFF1000)
    assert "stack of thread 100" in text(**stack)
    assert "/lib/sample" in text(**memory((0x2000, 0x2001)))
    assert "anonymous memory" in text(**memory((0x2000, 0x2001), mapping=""))


def test_few_bytes_are_shown_before_and_after(monkeypatch):
    comparison = Comparison(
        entry("old"),
        entry("new"),
        False,
        difference(**memory((0x2000, 0x2002), (0x3000, 0x3009))),
    )
    comparison.old.snapshot.label = "old"
    comparison.new.snapshot.label = "new"
    said = render_diff.text(comparison, (), Page(), nameless)
    assert "01 01  02 02" in said
    assert said.count("01 01") == 1


def test_memory_of_a_lost_file_may_differ():
    assert "may differ" in text(**memory((0x2000, 0x3000), is_unknown=True))


def test_tags_of_memory_that_differ_are_called_so():
    assert "other tags" in text(**memory((0x2000, 0x2010), is_tags=True))


def test_more_ranges_than_are_shown_are_counted():
    ranges = [(at, at + 2) for at in range(0x2000, 0x2000 + 143 * 16, 16)]
    said = text(**memory(*ranges))
    assert "Memory: 286 bytes in 143 ranges" in said
    assert "… and 123 more ranges (246 bytes)" in said
    assert "more" not in text(("memory",), **memory(*ranges))


def test_masks_and_stacks_are_told_as_signals():
    changes = [
        {"tid": 5, "comm": "w", "what": "sigmask", "old": 0, "new": 1 << 9},
        {
            "tid": 5,
            "comm": "w",
            "what": "altstack",
            "old": (0, 0, 2),
            "new": (0x7000, 8192, 0),
        },
    ]
    lines = [line.split() for line in text(("state",), state=changes).splitlines()]
    assert ["blocked", "of", "thread", "5", '"w":', "none", "→", "SIGUSR1"] in lines
    assert lines[-1][-6:] == ['"w":', "none", "→", "0x7000,", "8", "KiB"]


def test_steps_stand_under_their_family():
    steps = [
        {"family": "mappings", "tid": 0, "event": "new", "what": "0x1000-0x2000"},
        {"family": "files", "tid": 0, "event": "closed", "what": "descriptor 5"},
        {"family": "process", "tid": 0, "event": "changed", "what": "a\nb"},
    ]
    lines = text(steps=steps).splitlines()
    assert lines[lines.index("Mappings") + 1] == "  new  0x1000-0x2000"
    assert lines[lines.index("Files") + 1] == "  closed  descriptor 5"
    assert lines[lines.index("Process") + 1] == r"  changed  a\nb"
    assert "Files" not in text(("memory",), steps=steps)


def test_what_a_restore_refuses_is_said():
    assert text(refusals=["it is sealed"]).endswith(
        "A restore could not put back\n  it is sealed\n"
    )
