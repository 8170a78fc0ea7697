# SPDX-License-Identifier: GPL-3.0-or-later
"""A thread of another machine lands here as the verdict said, or not at all.

Each machine saves a program that has a pattern in all of its vector registers, and
lands what there is: its own image, and those of others in the folder that
SNAPSHOT_TEST_IMAGES names, where it leaves its own for the next machine.
testsuite/guests/check does the round.
"""

import os
import signal
import sys
from pathlib import Path

import pytest
from conftest import BUILD, MODULE, stop_at

sys.path.insert(0, str(Path(__file__).parents[1] / "guests"))
from kinds import FITTING, this_kind  # noqa: E402

pytestmark = [
    pytest.mark.restores,
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="it is about x86-64"),
]

IMAGES = os.environ.get("SNAPSHOT_TEST_IMAGES", "")

# Kinds of machines: how many vector registers of how many bytes.
KINDS = {"sse": (16, 16), "avx": (16, 32), "mpx": (16, 32), "avx512": (32, 64)}


def expected(image: str) -> bytes:
    """What vectors.c loaded on a machine of that kind, as one of this kind holds it."""
    saved_nr, saved_size = KINDS[image]
    nr, size = KINDS[this_kind()]
    pattern = [bytes((i * 64 + j) % 251 for j in range(64)) for i in range(saved_nr)]
    rows = [row[:saved_size] for row in pattern] + [b""] * 32
    return b"".join(row[:size].ljust(size, b"\0") for row in rows[:nr])


def verdicts(image: str, mode: str) -> set[str]:
    """What may be said of an image of a kind on this machine."""
    if image in FITTING[this_kind()]:
        return {"identical", "restorable", "risky"}
    return {"impossible"} if mode == "compat" else {"risky"}


def images() -> list[str]:
    """Those of other machines, and "own"."""
    return ["own"] + sorted(str(path) for path in Path(IMAGES).glob("*.core") if IMAGES)


def save(path: Path) -> Path:
    """An image of vectors.c with its pattern in all registers."""
    pid = MODULE.spawn([str(BUILD / "testsuite" / "plain" / "vectors.story")])
    try:
        stop_at(MODULE, pid, signal.SIGUSR1)
        MODULE.capture(pid).write(str(path), overwrite=True)
    finally:
        MODULE.kill(pid)
    return path


@pytest.fixture
def image(request, tmp_path):
    """A snapshot, and the kind of machine that it is of."""
    path = request.param
    if path == "own":
        path = save(tmp_path / f"own.{this_kind()}.core")
    return MODULE.load(str(path)), str(path).split(".")[-2]


@pytest.mark.parametrize("mode", ["compat", "any"])
@pytest.mark.parametrize("image", images(), indirect=True)
def test_a_thread_lands_as_the_verdict_said(snap, spawn, tmp_path, image, mode):
    snapshot, kind = image

    # GIVEN a verdict, and a program with ones in all of its vector registers
    verdict = snap.check(snapshot, mode=mode)
    assert verdict["verdict"] in verdicts(kind, mode), verdict
    pid = stop_at(snap, spawn("vessel", str(tmp_path / "found")), signal.SIGUSR1)

    # WHEN its thread is landed with the registers of the image
    if verdict["verdict"] == "impossible":
        before = snap.digest(pid)
        with pytest.raises(snap.Unsupported) as refusal:
            snap.land(pid, snapshot, snapshot.current_tid, fpu_mode=mode)
        assert verdict["findings"][0]["sentence"] in str(refusal.value)
        assert snap.digest(pid) == before
        wanted = b"\xff" * len(expected(kind))
    else:
        snap.land(pid, snapshot, snapshot.current_tid, fpu_mode=mode)
        wanted = expected(kind)

    # THEN the program itself finds them, cleared where the image has none; or its ones
    assert snap.run_until(pid, []) == 0
    assert (tmp_path / "found").read_bytes() == wanted


@pytest.mark.skipif(not IMAGES, reason="there is no other machine to leave it for")
def test_an_image_is_left_for_the_next_machine(snap):
    path = save(Path(IMAGES) / f"{os.uname().nodename}.{this_kind()}.core")
    assert snap.load(str(path)).arch == "x86_64"
