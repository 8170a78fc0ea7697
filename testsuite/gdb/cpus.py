# SPDX-License-Identifier: GPL-3.0-or-later
"""What stories say of registers, for each CPU by its name in uname -m."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Cpu:
    """Names of registers, as GDB has them."""

    pc: str
    sp: str
    general: tuple[str, ...]
    """Those that a function may use for what it likes."""
    scrambled: tuple[tuple[str, int], ...]
    """Others, and values that they may have."""
    shown: tuple[str, ...]
    """Some of every list that `snapshot show -registers` prints."""
    feature: str
    """Instructions that every model here has, and that are not in the first one."""
    vector: str
    """The widest that CPU_SET_VECTOR() of cpu.h fills, as a regular expression."""
    has_watchpoints: bool
    """Every model: Linux uses none of POWER9 (Documentation/powerpc/dawr-power9), and
    QEMU 7.2 takes those of POWER8 and POWER10, and notices no write."""
    has_tls: bool
    """GDB finds variables of threads: 13 says "optimized out" on aarch64, where they
    are reached by descriptors."""
    restart: frozenset[str]
    """Where a call that starts again differs from one that was interrupted: it is
    restored in the form that makes it again, from its instruction."""
    kernels: frozenset[str] = frozenset()
    """With bits that tell why the kernel was entered, or that a tracer steps (SS of
    aarch64's cpsr): no restore brings these back, and the programs check the others."""


CPUS = {
    "x86_64": Cpu(
        pc="rip",
        sp="rsp",
        general=tuple(
            "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15".split()
        ),
        scrambled=(("eflags", 0x246), ("gs_base", 0x1234567000)),
        shown=("rip", "rsp", "fs_base", "mxcsr"),
        feature="cx16",
        vector="[xyz]mm15",
        has_watchpoints=True,
        has_tls=True,
        restart=frozenset(("rip", "rax", "eax", "ax", "al", "ah", "orig_rax")),
    ),
    "ppc64le": Cpu(
        pc="pc",
        sp="r1",
        general=tuple(f"r{number}" for number in (0, *range(3, 13), *range(14, 32))),
        scrambled=(
            ("cr", 0x12345678),
            ("ctr", 0x1234567000),
            ("vrsave", 1),
            ("vscr", 0x10000),
            ("vr31.uint128", 1),
            ("f14", 1),
            ("fpscr", 2),
            ("tar", 0x1234567000),
            ("dscr", 0x15),
        ),
        shown=("pc", "r1", "fpscr", "vscr"),
        feature="vcrypto",
        vector="vs63",
        has_watchpoints=False,
        has_tls=True,
        restart=frozenset(("pc", "r3", "cr", "orig_r3")),
        kernels=frozenset(("msr", "trap")),
    ),
    "aarch64": Cpu(
        pc="pc",
        sp="sp",
        general=tuple(f"x{number}" for number in range(31)),
        scrambled=(("cpsr", 0x60000000), ("fpsr", 0x0800001F)),
        shown=("pc", "sp", "tpidr", "fpsr"),
        feature="crc32",
        vector="[vz]15",
        has_watchpoints=True,
        has_tls=False,
        restart=frozenset(("pc", "x0", "w0", "x8", "w8")),
        kernels=frozenset(("cpsr",)),
    ),
}

CPU = CPUS[os.uname().machine]
