# SPDX-License-Identifier: GPL-3.0-or-later
"""What GDB calls the addresses of the program."""

import re
from typing import Optional, Sequence

from .console import text_of


def names(addresses: Sequence[int]) -> list[Optional[tuple[str, int]]]:
    """The function or variable at each address and the offset in it, or None."""
    return [_name(address) for address in addresses]


def _name(address: int) -> Optional[tuple[str, int]]:
    # Not every language has hexadecimal numbers of this form.
    text = text_of(f"with language c -- info symbol 0x{address:x}")
    match = re.match(r"(.+?)(?: \+ (\d+))? in section ", text)
    return (match[1], int(match[2] or 0)) if match else None
