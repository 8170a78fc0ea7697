# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs with a dynamic linker and libraries of their own."""

import shutil
import struct
import subprocess

PT_INTERP = 3
HEADER = struct.Struct("<IIQQQQ")
"""A program header, as far as the size in the file (elf.h, Elf64_Phdr)."""


def interpreter(data):
    """Where the dynamic linker's name is in a program, and how much room it has."""
    (table,) = struct.unpack_from("<Q", data, 32)
    size, number = struct.unpack_from("<HH", data, 54)
    for at in range(table, table + number * size, size):
        kind, _, offset, _, _, room = HEADER.unpack_from(data, at)
        if kind == PT_INTERP:
            return offset, room
    raise AssertionError("the program is static")


def libraries(program):
    """The paths of all that a program is linked with, its dynamic linker too."""
    done = subprocess.run(
        [str(program)],
        env={"LD_TRACE_LOADED_OBJECTS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [word for word in done.stdout.split() if word.startswith("/")]


def copy(program, folder):
    """
    Copy a program with all that it is linked with into a folder below the current one.

    Its dynamic linker is named by a path that begins there: a longer one would find no
    room in the program.  Libraries are found with LD_LIBRARY_PATH.
    """
    folder.mkdir()
    data = bytearray(program.read_bytes())
    offset, room = interpreter(data)
    linker = data[offset : offset + room].rstrip(b"\0").decode()
    for library in libraries(program):
        shutil.copy(library, folder)
    shutil.copy(linker, folder / "ld.so")
    data[offset : offset + room] = f"{folder.name}/ld.so".encode().ljust(room, b"\0")
    copied = folder / "program"
    copied.write_bytes(data)
    copied.chmod(0o755)
    return copied
