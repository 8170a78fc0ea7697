# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals by number and name."""

import signal

# The kernel's first real-time signal; the C library keeps 32 and 33 for itself, and
# its SIGRTMIN is 34 (signal(7)).
_RTMIN = 34
_RTMAX = 64


def signal_name(number: int) -> str:
    """SIGSEGV, SIGRTMIN+3, SIG32 …"""
    if _RTMIN <= number <= _RTMAX:
        return f"SIGRTMIN+{number - _RTMIN}" if number > _RTMIN else "SIGRTMIN"
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def mask_text(mask: int) -> str:
    """The signals of a mask, bit N-1 for signal N."""
    numbers = [number for number in range(1, 65) if mask >> (number - 1) & 1]
    if not numbers:
        return "none"
    # More than half: what is left out says it shorter.
    missing = [number for number in range(1, 65) if number not in numbers]
    if len(missing) < len(numbers):
        text = ", ".join(signal_name(number) for number in missing)
        return f"all but {text}" if missing else "all"
    return ", ".join(signal_name(number) for number in numbers)
