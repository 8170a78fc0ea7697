# SPDX-License-Identifier: GPL-3.0-or-later
"""GDB's text user interface: its windows follow a process that goes back and forth."""

import re
import shutil

import pytest


@pytest.fixture
def tui(sessions, target):
    """GDB with its source window, at the third tick."""
    if not shutil.which("tic"):
        pytest.skip("there is no tic (ncurses) to describe a terminal with")
    session = sessions.tui(target("counter"))
    session("set confirm off")
    session("set pagination off")
    session("set snapshot auto on")
    session("break tick")
    session("run >/dev/null")
    session("continue")
    session("continue")
    return session


def marked(tui, line):
    """Wait until the source window marks a line, and only that."""
    tui.wait(lambda screen: tui.source_lines() == [line], f"mark at line {line}")


def registers(tui):
    return re.findall(r"\b([a-z]\w+) +(0x[0-9a-f]+)", str(tui.screen))


def steps(tui):
    """The line now, and the lines of three steps."""
    lines = tui.source_lines()
    assert len(lines) == 1
    for _ in range(3):
        tui("next")
        lines += tui.source_lines()
    assert len(set(lines)) > 2
    return lines


def test_the_source_window_follows_undo_and_redo(tui):
    # GIVEN some steps
    lines = steps(tui)

    # WHEN they are undone one by one, and redone at once
    for line in lines[2::-1]:
        tui("snapshot undo")

        # THEN the window shows where the process is
        marked(tui, line)
    tui("snapshot redo 3")
    marked(tui, lines[3])


def test_the_source_window_follows_a_restore_into_another_function(tui):
    # GIVEN a snapshot in one function, and the process in another
    tui("snapshot save here")
    (here,) = tui.source_lines()
    tui("break square")
    tui("continue")
    (there,) = tui.source_lines()
    assert there != here

    # WHEN it is put back, and goes on
    tui("snapshot restore here")

    # THEN the mark goes with it
    marked(tui, here)
    tui("continue")
    marked(tui, there)


def test_the_register_window_follows(tui):
    # GIVEN the window of registers, which GDB fills at a stop
    tui("layout regs")
    tui("focus cmd")
    tui("next")
    tui.wait(lambda screen: registers(tui), "registers")
    tui("snapshot save here")
    before = registers(tui)
    tui("next")
    tui("next")
    tui.wait(lambda screen: registers(tui) != before, "other registers")

    # WHEN the process is put back
    tui("snapshot restore here")

    # THEN it shows those of then
    tui.wait(lambda screen: registers(tui) == before, "registers of then")


def test_what_is_said_stands_in_the_command_window(tui):
    tui("snapshot list")
    assert re.search(r"(?m)^\* +3 ", str(tui.screen))
    tui("snapshot undo 2")
    assert "Back 2 resumptions, at snapshot 1." in str(tui.screen)
    assert "\x1b" not in str(tui.screen)
