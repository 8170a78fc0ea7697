# SPDX-License-Identifier: GPL-3.0-or-later
"""What a front-end sees over MI."""

import re

import pytest


@pytest.fixture
def mi(sessions, target, folder):
    """A front-end whose program stands at its third tick."""
    session = sessions.mi(target("counter"))
    session(f"-exec-arguments </dev/null >{folder}/inferior.out")
    session("-break-insert -i 2 tick")
    session("-exec-run")
    session.wait(r'\*stopped,reason="breakpoint-hit"')
    return session


def value(mi, expression):
    match = re.search(r'value="([^"]*)"', mi(f"-data-evaluate-expression {expression}"))
    assert match
    return match[1]


def test_a_restore_is_seen_as_a_stop(mi):
    # GIVEN a saved program that has gone on
    mi("-snapshot-save three")
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    assert value(mi, "count") == "3"
    mi.records.clear()

    # WHEN the front-end has it rewound
    mi("-snapshot-restore three")

    # THEN it is told that the program stopped, where it is now
    stopped = mi.wait(r"\*stopped")
    assert 'func="tick"' in stopped
    assert value(mi, "count") == "2"


def test_a_console_command_is_seen_as_a_stop_too(mi):
    # GIVEN a saved program that has gone on
    mi('-interpreter-exec console "snapshot save three"')
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi.records.clear()

    # WHEN the user types the command into the front-end's console
    mi('-interpreter-exec console "snapshot restore three"')

    # THEN the front-end is told
    assert 'func="tick"' in mi.wait(r"\*stopped")
    assert value(mi, "count") == "2"


def test_snapshots_are_listed_with_structure(mi):
    # GIVEN two snapshots
    mi("-snapshot-save one")
    mi("-snapshot-save two")

    # WHEN the front-end asks for them
    result = mi("-snapshot-list")

    # THEN both are there by name, as fields and not as text to print
    assert 'name="one"' in result
    assert 'name="two"' in result


def test_a_mistake_is_an_error_record(mi):
    result = mi.ask("-snapshot-restore nonesuch")
    assert result.startswith("^error,msg=")
    assert "nonesuch" in result


def test_a_running_program_is_refused(sessions, target, folder):
    # GIVEN a program that runs
    mi = sessions.mi(target("spin"))
    mi("-gdb-set mi-async on")
    mi(f"-exec-arguments </dev/null >{folder}/inferior.out")
    mi("-break-insert started")
    mi("-exec-run")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi("-exec-continue")
    mi.wait(r"\*running")

    # WHEN the front-end wants it saved
    result = mi.ask("-snapshot-save")

    # THEN it is refused with the reason, and the program runs on
    assert result.startswith("^error,msg=")
    assert "running" in result
    mi("-exec-interrupt --all")
    mi.wait(r"\*stopped")
