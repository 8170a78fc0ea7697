# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as GDB's commands have them: -option value, may be abbreviated."""

import argparse
from typing import Callable, Mapping, NoReturn, Sequence

from .problem import Problem


class Parser(argparse.ArgumentParser):
    """argparse with GDB's habits: no -h, no exit, one sentence for what is wrong."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog=prog, add_help=False, allow_abbrev=True)

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        return self.parse_args(list(argv))

    def error(self, message: str) -> NoReturn:
        raise Problem(f"'{self.prog}': {message}", f"See 'help {self.prog}'")

    def option_strings(self) -> list[str]:
        return sorted(self._option_string_actions)

    def complete(
        self,
        before: Sequence[str],
        last: str,
        completers: Mapping[str, Callable[[str], list[str]]],
    ) -> list[str]:
        """What the last word may become, after the words before it."""
        position = 0
        option = None
        for word in before:
            if option is not None and option.nargs is None:
                option = None
            elif word.startswith("-") and len(word) > 1:
                option = self._valued(word)
            elif option is None:
                position += 1
        takes_one = option is not None and option.nargs is None
        if option is not None and (takes_one or not last.startswith("-")):
            return _apply(completers, option, last)
        if last.startswith("-"):
            used = set(before)
            return [
                text
                for text in self.option_strings()
                if text.startswith(last) and text not in used
            ]
        return _apply(completers, self._positional(position), last)

    def _valued(self, word: str) -> "argparse.Action | None":
        """The option that a word is, if it takes a value."""
        found = [text for text in self.option_strings() if text.startswith(word)]
        if word not in found and len(found) != 1:
            return None
        action = self._option_string_actions[word if word in found else found[0]]
        return action if action.nargs in (None, "+") else None

    def _positional(self, position: int) -> "argparse.Action | None":
        for action in self._get_positional_actions():
            if position == 0 or action.nargs in ("*", "+"):
                return action
            position -= 1
        return None


def _apply(
    completers: Mapping[str, Callable[[str], list[str]]],
    action: "argparse.Action | None",
    last: str,
) -> list[str]:
    completer = completers.get(action.dest) if action else None
    return completer(last) if completer else []
