# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the core become exceptions; exceptions of callbacks go through it."""

import signal
from pathlib import Path
from types import ModuleType
from typing import Iterator

import pytest
from conftest import Spawn


def test_an_error_carries_its_errno(snap: ModuleType) -> None:
    with pytest.raises(snap.SystemFailure, match="/no/such/image") as raised:
        snap.load("/no/such/image")
    assert raised.value.errno == 2


def test_a_name_that_is_no_utf8_survives(snap: ModuleType) -> None:
    with pytest.raises(snap.SystemFailure) as raised:
        snap.load(b"/no/such/\xff")
    assert "/no/such/\udcff" in str(raised.value)


def test_an_error_made_in_python_has_the_defaults(snap: ModuleType) -> None:
    error = snap.Refused("no")
    assert (str(error), error.remedy, error.errno) == ("no", None, 0)


def test_a_process_that_is_not_there_is_gone(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "exit")
    snap.kill(pid)
    with pytest.raises(snap.Gone, match=str(pid)):
        snap.capture(pid)


def test_false_from_the_callback_interrupts(snap: ModuleType, spawn: Spawn) -> None:
    pid = spawn("events", "exit")
    with pytest.raises(snap.Interrupted):
        snap.capture(pid, progress=lambda phase, done, total: False)


def test_the_callback_is_told_how_far_it_is(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a callback that takes notes
    told: list[tuple[str, int, int]] = []

    def note(phase: str, done: int, total: int) -> bool:
        told.append((phase, done, total))
        return True

    # WHEN a snapshot is taken
    snap.capture(spawn("events", "exit"), progress=note)

    # THEN there are notes, in words and numbers
    assert told
    assert all(phase and 0 <= done for phase, done, total in told)
    assert all(done <= total for phase, done, total in told if total)


def test_an_exception_of_the_callback_goes_through(
    snap: ModuleType, spawn: Spawn
) -> None:
    def fail(phase: str, done: int, total: int) -> bool:
        raise LookupError(phase)

    pid = spawn("events", "exit")
    before = snap.digest(pid)
    with pytest.raises(LookupError):
        snap.capture(pid, progress=fail)
    assert snap.digest(pid) == before


@pytest.fixture
def control_c() -> Iterator[None]:
    """Control-C raises, also where a shell's background job was to ignore it."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("control_c")
def test_control_c_goes_through(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a Control-C in the middle of the work
    pid = spawn("events", "exit")
    before = snap.digest(pid)

    def interrupt(phase: str, done: int, total: int) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    # WHEN a snapshot is taken
    with pytest.raises(KeyboardInterrupt):
        snap.capture(pid, progress=interrupt)

    # THEN nothing has changed
    assert snap.digest(pid) == before


def test_an_answer_without_a_truth_goes_through(snap: ModuleType, spawn: Spawn) -> None:
    class Neither:
        def __bool__(self) -> bool:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        snap.capture(spawn("events", "exit"), progress=lambda *report: Neither())


def test_a_snapshot_cannot_be_made_by_hand(snap: ModuleType) -> None:
    with pytest.raises(TypeError, match="Snapshot"):
        snap.Snapshot()


@pytest.mark.parametrize(
    "patches",
    [
        3,
        [3],
        [()],
        [(1,)],
        [("1", b"x")],
        [(-1, b"x")],
        [(1 << 64, b"x")],
        [(1, "x")],
        [(1, b"")],
        [(1, bytes(17))],
        [(1, b"x"), None],
    ],
)
def test_bad_patches_are_refused(
    snap: ModuleType, spawn: Spawn, patches: object
) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        snap.capture(spawn("events", "exit"), patches=patches)


def test_label_and_note_take_text_alone(snap: ModuleType, spawn: Spawn) -> None:
    # GIVEN a snapshot
    snapshot = snap.capture(spawn("events", "exit"))
    assert (snapshot.label, snapshot.note) == ("", "")

    # WHEN it is given texts, of any alphabet, and things that are none
    snapshot.label = "before"
    snapshot.note = "naïve – 日本 \udcff"
    for bad, error in ((3, TypeError), (None, TypeError), ("a\0b", ValueError)):
        with pytest.raises(error):
            snapshot.label = bad
    with pytest.raises(AttributeError):
        del snapshot.note
    with pytest.raises(AttributeError):
        snapshot.pid = 3

    # THEN it keeps the texts
    assert (snapshot.label, snapshot.note) == ("before", "naïve – 日本 \udcff")


def test_a_failed_write_says_where(
    snap: ModuleType, spawn: Spawn, tmp_path: Path
) -> None:
    snapshot = snap.capture(spawn("events", "exit"))
    missing = tmp_path / "missing" / "image"
    with pytest.raises(snap.Error, match=str(missing.parent)):
        snapshot.write(missing)
