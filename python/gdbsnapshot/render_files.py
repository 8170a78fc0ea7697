# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process had open, as text.  Knows nothing of GDB."""

import os
from typing import TYPE_CHECKING

from .signals import mask_text

if TYPE_CHECKING:
    from _snapshot import Descriptor, Snapshot

    from .render import Page

# SNAP_OPEN_DIRECT of core/model/files.h: the number in snapshots of every machine.
_DIRECT = 0o40000
_ACCESS = {os.O_RDONLY: "read", os.O_WRONLY: "write", os.O_RDWR: "read, write"}
_FLAGS = (
    (os.O_APPEND, "append"),
    (os.O_NONBLOCK, "nonblock"),
    (os.O_ASYNC, "async"),
    (_DIRECT, "direct"),
    (os.O_PATH, "path"),
)


def files(snapshot: "Snapshot", page: "Page") -> str:
    """The table of descriptors."""
    from .render import Column, table

    found = snapshot.files()
    if found is None:
        return "Open files were not captured.\n"
    columns = (
        Column("Descriptor", right=True),
        Column("Kind"),
        Column("Flags"),
        Column("State"),
        Column("Name", "filename", shrinks=True),
    )
    first: dict[int, int] = {}
    for row in found:
        first.setdefault(row["file"], row["number"])
    rows = [
        (
            str(row["number"]),
            row["kind"],
            _flags(row),
            _state(row, first[row["file"]]),
            row["path"].encode("unicode_escape", "surrogateescape").decode(),
        )
        for row in found
    ]
    return table(columns, rows, page)


def _flags(row: "Descriptor") -> str:
    words = [_ACCESS.get(row["flags"] & os.O_ACCMODE, "")]
    words += [word for flag, word in _FLAGS if row["flags"] & flag == flag]
    if row["close_on_exec"]:
        words.append("close-on-exec")
    return ", ".join(words)


def _state(row: "Descriptor", first: int) -> str:
    """What there is to say; of a duplicate, of which descriptor it is one."""
    if row["number"] != first:
        return f"shared with {first}"
    words = [f"at {row['offset']}"] if row["offset"] else []
    if row["kind"] == "eventfd":
        words.append(f"count {row['count']}")
    if row["kind"] == "signalfd":
        words.append(mask_text(row["mask"]))
    if row["kind"] == "timerfd":
        seconds = row["remaining"] / 1e9
        words.append(f"{seconds:g} s left" if row["remaining"] else "disarmed")
    if row["watches"]:
        words.append("watches " + " ".join(str(watch[0]) for watch in row["watches"]))
    if row["contents"]:
        words.append(f"{len(row['contents'])} bytes inside")
    if row["locks"]:
        words.append("locked")
    return ", ".join(words)
