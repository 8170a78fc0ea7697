# SPDX-License-Identifier: GPL-3.0-or-later
"""A command can be interrupted: the process is then as it was before."""

from pathlib import Path

import pytest
from evidence import digest

SCRIPT = Path(__file__).with_name("interrupt.py")
LONG = 600


def interrupt(gdb, command, phase, percent):
    """Give a command that is interrupted in a phase; nothing may have changed."""
    before = digest(gdb)
    gdb(f"python at({phase!r}, {percent})")
    out, err = gdb.ask(command, timeout=LONG)
    assert "Quit" in out + err or "nterrupt" in out + err, out + err
    assert digest(gdb) == before, phase
    gdb("python at(None, 0)")


@pytest.mark.slow
def test_an_interrupted_restore_leaves_the_process_as_it_was(gdb, target):
    # GIVEN a process with a gibibyte that has all changed since its snapshot
    gdb.run(target("large"), until="settled")
    gdb("snapshot save", timeout=LONG)
    gdb.go(until="changed", timeout=LONG)
    gdb(f"source {SCRIPT}")

    # WHEN a Ctrl-C comes in the middle of each phase of the restore
    interrupt(gdb, "snapshot restore", "Taking threads", 0)
    interrupt(gdb, "snapshot restore", "Restoring memory", 50)
    interrupt(gdb, "snapshot restore", "Verifying memory", 90)
    interrupt(gdb, "snapshot restore", "Landing threads", 0)

    # THEN nothing has changed, and a restore that is let alone does it
    gdb("snapshot restore", timeout=LONG)
    assert gdb.finish_program(timeout=LONG) == 0


def test_an_interrupted_save_leaves_the_process_as_it_was(gdb, target):
    # GIVEN a process with memory
    gdb.run(target("large"), until="settled", arguments="64")
    gdb(f"source {SCRIPT}")

    # WHEN a Ctrl-C comes in the middle of a save
    interrupt(gdb, "snapshot save", "Reading memory", 50)

    # THEN there is no snapshot, and the next one is whole
    assert "No snapshots" in gdb("snapshot list")
    gdb("snapshot save")
    gdb.go(until="changed")
    gdb("snapshot restore")
    assert gdb.finish_program() == 0


def test_an_interruption_between_steps_is_undone(gdb, target):
    # GIVEN a process with something to put back
    gdb.run(target("attributes"), until="settled", arguments="folder")
    gdb("snapshot save")
    gdb.go(until="changed")
    gdb(f"source {SCRIPT}")

    # WHEN a Ctrl-C comes while that is done
    interrupt(gdb, "snapshot restore", "Putting state back", 0)

    # THEN it is as it was, and can be rewound all the same
    gdb("snapshot restore")
    assert gdb.finish_program() == 0


IMPATIENT = "import gdbsnapshot.meter as m; m._PATIENCE = 0.0; m._PAUSE = 0.0"


def test_a_batch_has_no_meter(gdb, target):
    # GIVEN a GDB on a pipe, and a meter that would show from the first moment on
    gdb.run(target("large"), until="settled", arguments="64")
    gdb(f"python {IMPATIENT}")

    # THEN no line is written over itself
    assert "\r" not in gdb("snapshot save")
    gdb.go(until="changed")
    assert "\r" not in gdb("snapshot restore")


def test_a_front_end_has_no_meter(sessions, target, folder):
    # GIVEN a GDB that speaks MI, and a meter that would show from the first moment on
    mi = sessions.mi(target("large"))
    mi(f"-exec-arguments 64 </dev/null >{folder}/inferior.out")
    mi("-break-insert settled")
    mi("-break-insert changed")
    mi("-exec-run")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi(f'-interpreter-exec console "python {IMPATIENT}"')
    mi.records.clear()

    # THEN no record is written over itself, whichever way a command is given
    mi("-snapshot-save one")
    mi('-interpreter-exec console "snapshot save two"')
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    mi('-interpreter-exec console "snapshot restore two"')
    assert not [line for line in mi.records if "\\r" in line or "…" in line]
    assert "\\r" not in "".join(mi.transcript)


def test_a_terminal_has_a_meter_that_goes_away(gdb, target):
    # GIVEN a command as if it was typed at a terminal, for which a moment is long
    gdb.run(target("large"), until="settled", arguments="64")
    gdb(f"python {IMPATIENT}")
    gdb("python import gdbsnapshot.target.screen as screen")
    gdb("snapshot save")
    gdb.go(until="changed")

    # WHEN it does its work
    gdb("python from gdbsnapshot import verbs")
    gdb("python meter = screen.Meter(screen._write_now)")
    out = gdb("python verbs.restore(progress=meter); meter.clear()")

    # THEN its phases were told, in one line that is empty in the end
    for phase in ("Taking threads", "Restoring memory"):
        assert f"\r{phase}… " in out, out
    assert out.rstrip("\n").rpartition("\r")[0].endswith(" ")
