# SPDX-License-Identifier: GPL-3.0-or-later
"""The code that the kernel maps into a process, made that of another kernel."""

import os
import re
import struct

SHT_DYNSYM = 11
STT_FUNC = 2
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
BUILD_ID = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"
TIME = re.compile(r"(__vdso_|__kernel_)?(clock_get(time|res)|gettimeofday|time|getcpu)")
"""What keeps nothing but the time: not the end of a signal handler."""


def start(gdb):
    """Where it lies."""
    found = re.search(r"AT_SYSINFO_EHDR .* (0x[0-9a-f]+)", gdb("info auxv"))
    return int(found[1], 16)


def read(gdb, folder):
    """Its bytes."""
    begin = start(gdb)
    rows = gdb("info proc mappings").splitlines()
    end = next(int(row.split()[1], 16) for row in rows if "[vdso]" in row)
    gdb(f"dump binary memory {folder}/vdso {begin:#x} {end:#x}")
    return bytearray((folder / "vdso").read_bytes())


def functions(data):
    """The names of its functions: where each begins, and its size."""
    (table,) = struct.unpack_from("<Q", data, 40)
    size, number = struct.unpack_from("<HH", data, 58)
    sections = [SECTION.unpack_from(data, table + i * size) for i in range(number)]
    symbols = next(each for each in sections if each[1] == SHT_DYNSYM)
    names = sections[symbols[6]][4]
    found = {}
    for at in range(symbols[4], symbols[4] + symbols[5], SYMBOL.size):
        name, info, _, _, value, length = SYMBOL.unpack_from(data, at)
        if info & 15 == STT_FUNC:
            text = data[names + name : data.index(0, names + name)].decode()
            found[text] = (value, length)
    return found


def make_another(gdb, folder):
    """
    Make it another kernel's: with another build-id, and code that nobody can execute.
    """
    data = read(gdb, folder)
    data[data.index(BUILD_ID) + len(BUILD_ID)] ^= 0xFF
    trap = b"\xcc" if os.uname().machine == "x86_64" else b"\0"
    for name, (begin, length) in functions(data).items():
        if TIME.fullmatch(name):
            data[begin : begin + length] = trap * length
    (folder / "vdso").write_bytes(data)
    gdb(f"restore {folder}/vdso binary {start(gdb):#x}")
    return data
