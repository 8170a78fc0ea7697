# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong, as a person reads it."""

from __future__ import annotations


class Problem(Exception):
    """One sentence, and what the user can do about it."""

    def __init__(self, sentence: str, remedy: str | None = None) -> None:
        super().__init__(as_text(sentence, remedy))
        self.sentence = sentence
        self.remedy = remedy

    def about(self, what: str) -> Problem:
        """The same, of what it has thwarted."""
        return Problem(f"{what}: {self.sentence}", self.remedy)


def as_text(sentence: str, remedy: str | None = None) -> str:
    """The sentences with capitals and full stops."""
    return " ".join(_finish(part) for part in (sentence, remedy) if part)


def _finish(sentence: str) -> str:
    first = sentence.split(" ", 1)[0]
    if first.isalpha() and first.islower():
        sentence = sentence[0].upper() + sentence[1:]
    return sentence if sentence[-1] in ".!?" else sentence + "."
