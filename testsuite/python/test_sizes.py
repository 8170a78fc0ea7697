# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes are understood as a person writes them."""

import pytest
from gdbsnapshot import sizes


@pytest.mark.parametrize(
    "text, count",
    [
        ("4096", 4096),
        ("1 byte", 1),
        ("12 bytes", 12),
        ("1K", 1024),
        ("500M", 500 << 20),
        ("2.5G", 5 << 29),
        ("3 GiB", 3 << 30),
        ("1tb", 1 << 40),
        (" 7M ", 7 << 20),
    ],
)
def test_a_number_has_a_unit(text, count):
    assert sizes.parse(text) == count


@pytest.mark.parametrize("text", ["", "M", "-1", "1X", "1.G", "0x10", "1,5G", "nan"])
def test_what_is_no_size_is_said_to_be_none(text):
    with pytest.raises(ValueError, match="unlimited"):
        sizes.parse(text)


def test_unlimited_is_no_number():
    assert sizes.parse("Unlimited") is None
