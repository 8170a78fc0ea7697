# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of snapshots: which are allowed, and which was meant."""

from typing import Collection

from .problem import Problem


def check(name: str) -> None:
    """Raise Problem unless a snapshot may have this name."""
    if not name:
        raise Problem("a snapshot's name cannot be empty")
    if name.startswith("-"):
        raise Problem(f"a snapshot's name cannot begin with '-': '{name}'")
    if "/" in name:
        raise Problem(
            f"a snapshot's name cannot contain '/': '{name}'",
            "To write the snapshot to a file, use -file FILE",
        )
    if name.isdigit():
        raise Problem(
            f"a snapshot's name cannot be a number: '{name}'",
            f"Put a letter before it: s{name}",
        )
    if not name.isprintable() or any(letter.isspace() for letter in name):
        raise Problem(f"a snapshot's name cannot contain blanks: {name!r}")


def unknown(name: str, known: Collection[str]) -> Problem:
    """What to say about a name that no snapshot has."""
    import difflib

    sentence = f"there is no snapshot named '{name}', and no file"
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        quoted = " or ".join(f"'{candidate}'" for candidate in near)
        return Problem(sentence, f"Did you mean {quoted}?")
    if known:
        return Problem(sentence, "See 'snapshot list' for those there are")
    return Problem(sentence, "Take one with 'snapshot save'")
