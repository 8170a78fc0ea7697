# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals by name."""

import pytest
from gdbsnapshot.signals import mask_text, signal_name


@pytest.mark.parametrize(
    "number, name",
    [(11, "SIGSEGV"), (34, "SIGRTMIN"), (37, "SIGRTMIN+3"), (64, "SIGRTMIN+30")],
)
def test_a_signal_has_its_name(number, name):
    assert signal_name(number) == name


@pytest.mark.parametrize("number", [0, 32, 33, 65])
def test_a_number_without_a_name_stays_a_number(number):
    assert signal_name(number) == f"SIG{number}"


def bits(*numbers):
    return sum(1 << (number - 1) for number in numbers)


@pytest.mark.parametrize(
    "mask, text",
    [
        (0, "none"),
        (bits(2, 15), "SIGINT, SIGTERM"),
        (bits(64), "SIGRTMIN+30"),
        (2**64 - 1, "all"),
        (2**64 - 1 - bits(9, 19), "all but SIGKILL, SIGSTOP"),
    ],
)
def test_a_mask_is_said_the_shorter_way(mask, text):
    assert mask_text(mask) == text
