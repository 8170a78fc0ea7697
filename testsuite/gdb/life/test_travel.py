# SPDX-License-Identifier: GPL-3.0-or-later
"""An image goes on on another machine that it fits, and is refused by one it does not.

Each machine leaves the image of a program, which no other has, in the folder that
SNAPSHOT_TEST_IMAGES names, and brings to life what is there: its own, and those of
others.  testsuite/guests/check does the round.
"""

import os
import sys
from pathlib import Path

import private
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "guests"))
from kinds import fits, this_kind  # noqa: E402

IMAGES = os.environ.get("SNAPSHOT_TEST_IMAGES", "")
MACHINE = os.uname().machine
OWN = f"{os.uname().nodename}.{this_kind()}.{MACHINE}.life"


def images():
    """Those of machines with this CPU's instructions, this one's first."""
    left = Path(IMAGES).glob(f"*.{MACHINE}.life") if IMAGES else []
    return [OWN] + sorted(path.name for path in left if path.name != OWN)


def save(sessions, target, folder, path):
    """Save threads with libraries of their own; they are no more, and no file is."""
    gdb = sessions.gdb(private.copy(target("pool"), folder / "own"))
    gdb("set breakpoint pending on")
    gdb("set environment LD_LIBRARY_PATH own")
    # Lazy binding does not go to a machine with more registers (doc/compatibility.md).
    gdb("set environment LD_BIND_NOW 1")
    gdb.begin("add_digits", hits=3)
    path.unlink(missing_ok=True)
    gdb(f"snapshot save here -file {path} -self-contained")
    gdb("kill")
    gdb.close()
    (folder / "own").rename(folder / "gone")


@pytest.mark.parametrize("name", images())
def test_an_image_goes_on_where_it_fits(sessions, target, folder, name):
    # GIVEN an image, and no file of its program and its libraries
    path = (Path(IMAGES) if IMAGES else folder) / name
    if name == OWN:
        save(sessions, target, folder, path)

    # WHEN it is asked whether it may run here, and brought to life
    gdb = sessions.gdb()
    checked, _ = gdb.ask(f"snapshot check {path}")
    said, why = gdb.ask(f"snapshot restore {path}")

    # THEN it goes on and comes to the right result, or is refused by the verdict
    fit = fits(name.split(".")[1])
    if why:
        assert fit is not True, why
        assert checked.startswith("Impossible"), checked
        assert gdb.has_started_nothing
    elif fit is None and "instructions that the machine lacks" in checked:
        # The risk was told, and is the program's: it may use them.
        end = gdb("continue")
        assert "exited normally" in end or "received signal SIGILL" in end
    else:
        assert fit is not False, said
        assert gdb.finish_program() == 0
