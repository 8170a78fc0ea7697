# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long piece of work shows."""

import pytest
from gdbsnapshot.meter import Meter


class Terminal:
    """A terminal of one line, and a clock."""

    def __init__(self):
        self.now = 0.0
        self.writes = []

    def meter(self):
        return Meter(self.writes.append, lambda: self.now)

    @property
    def line(self):
        cells = []
        at = 0
        for letter in "".join(self.writes):
            if letter == "\r":
                at = 0
            else:
                cells[at : at + 1] = letter
                at += 1
        return "".join(cells).rstrip()


@pytest.fixture
def terminal():
    return Terminal()


def test_short_work_shows_nothing(terminal):
    # GIVEN work of less than two seconds
    meter = terminal.meter()
    for terminal.now in (0.5, 1.0, 1.9):
        assert meter("Reading memory", 1, 2) is True
    meter.clear()

    # THEN the terminal was never written to
    assert terminal.writes == []


def test_long_work_shows_how_far_it_is(terminal):
    meter = terminal.meter()
    terminal.now = 2.5
    meter("Reading memory", 42, 100)
    assert terminal.line == "Reading memory… 42%"


def test_a_shorter_text_leaves_nothing_of_the_longer(terminal):
    meter = terminal.meter()
    terminal.now = 2.5
    meter("Comparing all registers", 1, 2)
    terminal.now = 3.0
    meter("Reading", 1, 2)
    assert terminal.line == "Reading… 50%"


def test_without_a_total_it_shows_how_much_is_done(terminal):
    meter = terminal.meter()
    terminal.now = 2.5
    meter("Reading memory", 3 << 20, 0)
    assert terminal.line == "Reading memory… 3 MiB"


def test_it_does_not_write_more_often_than_one_can_read(terminal):
    meter = terminal.meter()
    terminal.now = 2.5
    for done in range(1000):
        meter("Reading memory", done, 1000)
    assert len(terminal.writes) == 1


def test_at_the_end_the_line_is_empty(terminal):
    meter = terminal.meter()
    terminal.now = 2.5
    meter("Reading memory", 42, 100)
    meter.clear()
    assert terminal.line == ""
