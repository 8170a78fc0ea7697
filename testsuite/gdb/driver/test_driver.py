# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of the stories notices what it must."""

import pytest
from gdbdriver import Failed, Hung


def test_a_program_runs_stops_and_ends(gdb, target):
    gdb.run(target("counter"), until="tick", hits=4)
    assert gdb.value("count") == 3
    gdb.go(until="square")
    assert gdb.value("number") == 4
    assert len(gdb.look()) == 1
    assert gdb.finish_program() == 0
    assert gdb.program_says() == "counted to 10\n"


def test_a_place_that_is_not_reached_is_noticed(gdb, target):
    gdb.run(target("counter"), until="tick", hits=9)
    with pytest.raises(Failed, match="did not come there"):
        gdb.go(until="tick", hits=5)


def test_a_complaint_is_noticed(gdb):
    with pytest.raises(Failed, match="was refused"):
        gdb("print nonsense")


def test_a_missing_complaint_is_noticed(gdb):
    assert "No symbol" in gdb.refuses("print nonsense")
    with pytest.raises(Failed, match="was not refused"):
        gdb.refuses("print 1")


def test_a_traceback_is_noticed(gdb):
    with pytest.raises(Failed, match="Traceback|Python Exception"):
        gdb.refuses("python raise ValueError('oops')")


def test_a_gdb_that_hangs_is_noticed(gdb, target):
    gdb.run(target("spin"), until="started")
    with pytest.raises(Hung):
        gdb("continue", timeout=0.5)


def test_a_gdb_that_dies_is_noticed(gdb):
    with pytest.raises(Failed, match="GDB is gone"):
        gdb("python import os; os._exit(3)")


def test_a_process_left_behind_is_noticed(sessions):
    sessions.gdb()("shell tail -f /dev/null >/dev/null 2>&1 &")
    with pytest.raises(Failed, match="left processes behind.*tail"):
        sessions.close()


def test_a_front_end_runs_a_program(sessions, target, folder):
    mi = sessions.mi(target("counter"))
    mi(f"-exec-arguments </dev/null >{folder}/inferior.out")
    mi("-break-insert -i 2 tick")
    mi("-exec-run")
    assert 'func="tick"' in mi.wait(r'\*stopped,reason="breakpoint-hit"')
    assert 'value="2"' in mi("-data-evaluate-expression count")
    assert mi.ask("-data-evaluate-expression nonsense").startswith("^error")
