# SPDX-License-Identifier: GPL-3.0-or-later
"""What machine this is, among those that pass images on to each other."""

import ctypes
import os
from pathlib import Path
from typing import Optional

FITTING = {
    "sse": {"sse"},
    "avx": {"sse", "avx"},
    "mpx": {"sse", "avx", "mpx"},
    "avx512": {"sse", "avx", "avx512"},
}
"""
Kinds of x86-64 machines, and the kinds whose images have no register in use that a
machine of the kind lacks.  QEMU's -cpu max has MPX, and its status is in use in every
thread.
"""

PR_SVE_GET_VL = 51
PR_SVE_VL_LEN_MASK = 0xFFFF


def words_of(name: str) -> list[str]:
    """What the kernel says of the first CPU under a name."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        what, _, words = line.partition(":")
        if what.strip() == name:
            return words.split()
    raise AssertionError(f"the kernel says nothing of {name}")


def this_kind() -> str:
    """By what the kernel says of the machine; no two that differ are one."""
    machine = os.uname().machine
    if machine == "x86_64":
        flags = words_of("flags")
        rows = {"avx512f": "avx512", "mpx": "mpx", "avx": "avx"}
        return next((rows[flag] for flag in rows if flag in flags), "sse")
    if machine == "aarch64":
        length = ctypes.CDLL(None).prctl(PR_SVE_GET_VL, 0, 0, 0, 0)
        return f"sve{length & PR_SVE_VL_LEN_MASK}" if length > 0 else "nosve"
    return words_of("cpu")[0].lower()


def fits(kind: str) -> Optional[bool]:
    """Whether registers of a machine of a kind fit into this one's; None: not known."""
    if kind == this_kind():
        return True
    return kind in FITTING[this_kind()] if os.uname().machine == "x86_64" else None
