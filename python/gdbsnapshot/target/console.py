# SPDX-License-Identifier: GPL-3.0-or-later
"""What GDB's own commands print."""

import re

import gdb

# A stream record (GDB manual, "GDB/MI Stream Records"), and what is escaped in it.
_RECORD = re.compile(r'^[~@&]"((?:[^"\\\n]|\\.)*)"\n', re.MULTILINE)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_SHORT = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"e": b"\033", b"a": b"\a"}


def _plain(escaped: "re.Match[bytes]") -> bytes:
    code = escaped[1]
    return bytes([int(code, 8)]) if len(code) == 3 else _SHORT.get(code, code)


def _text(record: "re.Match[str]") -> str:
    return _ESCAPED.sub(_plain, record[1].encode()).decode(errors="replace")


def text_of(command: str) -> str:
    """
    What a command prints at a terminal.

    Since GDB 18 that is in part records where a front end has given our own command:
    what it would be told goes into the string, too (measured: Debian's 18.1).
    """
    return _RECORD.sub(_text, gdb.execute(command, to_string=True))


def execute_quietly(command: str) -> None:
    """
    Execute a command whose text nobody wants.

    A front end is told what happens, and with GDB 18 the text, too: to take that away
    would also take away its `^running` or `=thread-exited`, and it would wait for ever.
    """
    takes_records = gdb.execute("echo .", to_string=True) != "."
    gdb.execute(command, to_string=not takes_records)
