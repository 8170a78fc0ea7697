# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as a person writes them."""

import re
from typing import Optional

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:i?B)?|B|bytes?)?", re.IGNORECASE)
_SHIFTS = {"K": 10, "M": 20, "G": 30, "T": 40}


def parse(text: str) -> Optional[int]:
    """
    Bytes; None: "unlimited".

    @raise ValueError Its text says what would be one.
    """
    word = text.strip()
    if word.lower() == "unlimited":
        return None
    match = _SIZE.fullmatch(word)
    if not match:
        raise ValueError(
            f"'{word}' is no size. Give a number with a unit, as 500M or 2.5G, or"
            " 'unlimited'."
        )
    number, unit = match.groups()
    return int(float(number) * (1 << _SHIFTS.get((unit or "").upper(), 0)))
