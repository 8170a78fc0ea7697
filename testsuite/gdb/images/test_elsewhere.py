# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of any CPU is read on every machine as on its own."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from sessions import WRAP

IMAGES = Path(__file__).parents[2] / "images"
sys.path.insert(0, str(IMAGES))
import tell  # noqa: E402

pytestmark = pytest.mark.skipif(bool(WRAP), reason="GDB may be elsewhere")
CPUS = sorted(path.parent.name for path in IMAGES.glob("*/told"))


@pytest.fixture(params=CPUS)
def images(request):
    """Two images, in the place where they were made, with the program."""
    with tell.place(request.param) as folder:
        shutil.copytree(IMAGES / request.param, folder, dirs_exist_ok=True)
        yield folder


def test_the_text_is_that_of_home(images):
    assert tell.tell(images) == (images / "told").read_text()


@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the guests have no such tools"
)
def test_tools_of_this_machine_open_it(images):
    # GIVEN an image of a CPU, and tools that know all of them
    core, program = images / "two.core", images / "tiny"
    if not shutil.which("gdb-multiarch"):
        pytest.skip("there is no gdb-multiarch")

    # WHEN they open it
    words = ["-nx", "-batch", "-ex", "backtrace", "-ex", "print block[63]"]
    seen = tell.run("gdb-multiarch", *words, program, core)
    notes = tell.run("eu-readelf", "--notes", "--segments", core)

    # THEN they find the thread where it was, and everything where it should be
    assert "#0  tick () at" in seen and "in _start () at" in seen, seen
    assert "$1 = 7" in seen, seen
    assert "exit status 0" in notes and "GDBSNAP" in notes
    assert "bad" not in notes.lower() and "invalid" not in notes.lower()
