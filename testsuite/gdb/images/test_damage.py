# SPDX-License-Identifier: GPL-3.0-or-later
"""A damaged image is refused with a sentence, or restores what it should."""

import os
from pathlib import Path

import pytest
from cpus import CPU

# How many places are damaged; "all" takes every byte, and its time.
TRIES = os.environ.get("SNAPSHOT_TEST_FLIPS", "400")


@pytest.fixture
def image(gdb, target, folder):
    """The image of a small program, which has run on since."""
    gdb.run(target("tiny"), until="tick", hits=5)
    gdb(f"source {Path(__file__).with_name('damage.py')}")
    gdb(f"snapshot save then -file {folder}/tiny.core")
    gdb(f"python KERNELS = {tuple(CPU.kernels)}")
    gdb("python then = state()")
    gdb.go(until="tick", hits=9)
    gdb("snapshot save now")
    gdb("python now = state()")
    assert gdb.python("then != now")
    return folder / "tiny.core"


def places(size, at_least):
    """Offsets spread over a file, all of its first bytes among them."""
    if TRIES == "all":
        return list(range(size))
    step = max(1, size // int(TRIES))
    return sorted(set(range(min(size, at_least))) | set(range(0, size, step)))


def tried(gdb, image, variants):
    return gdb.python(
        f"try_all('{image}', '{image}.damaged', {variants}, then, now)", timeout=3600
    )


def test_the_undamaged_image_restores(gdb, image):
    # One that is cut at its end is not cut: the checks below can fail.
    result = tried(gdb, image, [(image.stat().st_size, 0)])
    assert result == {"tried": 1, "restored": 1, "problems": []}
    assert gdb.finish_program() == 0


@pytest.mark.slow
def test_no_single_changed_byte_does_harm(gdb, image):
    variants = [(place, 1 << place % 8) for place in places(image.stat().st_size, 256)]
    result = tried(gdb, image, variants)
    assert result["problems"] == []
    # Flipped bytes of padding, and of pages that the program never had, are harmless.
    assert result["restored"] < result["tried"] * 2 / 3
    assert gdb.finish_program() == 0


@pytest.mark.slow
def test_no_cut_does_harm(gdb, image):
    result = tried(
        gdb, image, [(place, 0) for place in places(image.stat().st_size, 70)]
    )
    assert result["problems"] == []
    assert result["restored"] == 0
    assert gdb.finish_program() == 0
