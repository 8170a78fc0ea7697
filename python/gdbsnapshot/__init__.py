# SPDX-License-Identifier: GPL-3.0-or-later
"""Save a stopped process and rewind it in place: the same verbs as functions.

    import gdbsnapshot
    before = gdbsnapshot.save("before", note="the queue is still whole")
    gdbsnapshot.restore(before.name)

The functions return objects and raise gdbsnapshot.Problem, whose text is what the
command would have said.  Call them in GDB's main thread.
"""

from __future__ import annotations

from .problem import Problem

# typing has the name too, but GDB has not loaded that, and it takes its time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .comparison import Comparison
    from .store import Entry
    from .travel import annotate, redo, rename, undo
    from .verbs import (
        check,
        delete,
        delete_all,
        diff,
        explain,
        export,
        find,
        import_file,
        restore,
        save,
        snapshots,
    )

__all__ = [
    "Comparison",
    "Entry",
    "Problem",
    "annotate",
    "check",
    "delete",
    "delete_all",
    "diff",
    "explain",
    "export",
    "find",
    "import_file",
    "redo",
    "rename",
    "restore",
    "save",
    "snapshots",
    "undo",
]


def __getattr__(name: str) -> object:
    # GDB loads this package each time it starts, and most sessions never use it: what
    # is behind the names is imported when one is first asked for (PEP 562).
    if name == "Entry":
        from .store import Entry

        return Entry
    if name == "Comparison":
        from .comparison import Comparison

        return Comparison
    if name in ("annotate", "redo", "rename", "undo"):
        from . import travel

        return getattr(travel, name)
    if name in __all__:
        from . import verbs

        return getattr(verbs, name)
    raise AttributeError(f"module 'gdbsnapshot' has no attribute {name!r}")
