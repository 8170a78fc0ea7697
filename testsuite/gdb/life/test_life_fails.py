# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way is told, and nothing is left behind."""

import os
import shutil

import pytest


def save(sessions, program):
    """Save a program in a GDB that ends."""
    gdb = sessions.gdb(program)
    gdb.begin("tick", hits=2)
    gdb("snapshot save here -file image")
    gdb("kill")
    gdb.close()


@pytest.mark.slow
def test_a_failure_leaves_no_process(sessions, target):
    # GIVEN the image of a program with threads
    save(sessions, target("team"))
    gdb = sessions.gdb()

    failed, number = 0, 1
    while True:
        # WHEN one call into the kernel after the other fails
        gdb(f"maintenance snapshot fail-at {number}")
        _, err = gdb.ask("snapshot restore image")
        gdb("maintenance snapshot fail-at 0")
        if not err.strip():
            break

        # THEN that is said, and GDB has no process
        assert "Input/output error" in err, (number, err)
        assert gdb.has_started_nothing, number
        failed += 1
        number += 53

    # THEN it works when none fails
    assert failed > 5
    assert gdb.finish_program() == 0


@pytest.mark.parametrize(
    "change, complaint",
    [
        ("removed", "is not there any more"),
        ("overwritten", "is of another build than was mapped"),
    ],
)
def test_another_program_is_told_before_anything_is_started(
    sessions, target, folder, change, complaint
):
    # GIVEN the image of a program that is not the same any more
    program = folder / "program"
    shutil.copy(target("team"), program)
    save(sessions, program)
    if change == "overwritten":
        program.write_bytes(target("counter").read_bytes())
    else:
        program.rename(folder / "elsewhere")

    # WHEN it is to be brought to life
    gdb = sessions.gdb()
    if os.sysconf("SC_PAGESIZE") > 4096:
        pytest.skip("the program has two pages, which are its own by then")
    said = gdb.refuses("snapshot restore image")

    # THEN the file is named, and there is no process
    assert f"{program}" in said and complaint in said
    assert gdb.has_started_nothing


def test_a_copy_of_the_program_will_do(sessions, target, folder):
    # GIVEN the image of a program in whose place there is a copy now
    program = folder / "program"
    shutil.copy(target("counter"), program)
    save(sessions, program)
    program.rename(folder / "elsewhere")
    shutil.copy(target("counter"), program)

    # WHEN it is brought to life
    gdb = sessions.gdb()
    gdb("snapshot restore image")

    # THEN it goes on
    assert gdb.finish_program() == 0


def test_a_dry_run_starts_nothing(sessions, target):
    # GIVEN an image
    save(sessions, target("team"))

    # WHEN it is asked what a restore would do
    gdb = sessions.gdb()
    said = gdb("snapshot restore image -dry-run")

    # THEN it is told, and there is no process
    assert f"A new process of {target('team')} would be made" in said
    assert gdb.has_started_nothing
