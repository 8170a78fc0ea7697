# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error message that the sources can give, with … for what varies.

In C that is the format of each call that makes an error.  Where a %s of it is a
parameter of the function around it, the callers of that function say the words.  In
Python it is what Problem and GDB's error are made of; and each row of the rules of
compatibility has a sentence.
"""

import ast
import functools
import itertools
import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
GAP = "…"

LITERAL = r'"(?:[^"\\]|\\.)*"'
FORMAT = re.compile(r"%(?:%|[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hljzt]*[diouxXscp])")
FUNCTION = re.compile(r"^([A-Za-z_][^;{}=#]*?\b(\w+)\(([^;{}]*)\))\s*\{", re.M)
MAKER = re.compile(r"\bsnap_error_(create|os|prefix)\s*\(")
ESCAPES = {r"\"": '"', r"\\": "\\", r"\n": "\n", r"\t": "\t"}
# Those that make a message of their own words and the caller's format.
FORWARDERS = {
    "snap_refuse_fd": (2, "… {}"),
    "snap_must_call": (3, "the process cannot {}"),
}


Values = dict[str, list[str]]
"""By a parameter, what it can be."""


class Function(NamedTuple):
    """A function of C, and where it stands."""

    name: str
    parameters: list[str]
    body: str
    file: Path
    is_static: bool


def closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed."""
    depth = 0
    for token in re.finditer(
        rf"{LITERAL}|'(?:[^'\\]|\\.)+'|[()\[\]{{}}]", text[start:]
    ):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return start + token.start()
    raise ValueError("a bracket is not closed")


def arguments(text: str, start: int) -> list[str]:
    """What stands between brackets, one text for each argument."""
    found, depth, piece = [], 0, ""
    inside = text[start + 1 : closing(text, start)]
    for token in re.finditer(rf"{LITERAL}|'(?:[^'\\]|\\.)+'|.", inside, re.S):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token[0], 0)
        if token[0] == "," and depth == 0:
            found.append(piece.strip())
            piece = ""
        else:
            piece += token[0]
    return [*found, piece.strip()]


def words(expression: str) -> list[str]:
    """What an expression of C can be; a list of one gap if nobody knows."""
    choice = re.fullmatch(
        rf"[^?\"]+\?\s*((?:{LITERAL}|\s|PRI\w+)+):(.*)", expression, re.S
    )
    if choice:
        return words(choice[1]) + words(choice[2])
    rest = re.sub(rf"{LITERAL}|\bPRI[a-z]\d+|\bSNAP_\w+", "", expression)
    if rest.strip() or '"' not in expression:
        return [GAP]
    text = re.sub(
        r"\bSNAP_\w+", f'"{GAP}"', re.sub(r"\bPRI[a-z]\d+", '"d"', expression)
    )
    joined = "".join(literal[1:-1] for literal in re.findall(LITERAL, text))
    return [re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], joined)]


def filled(text: str, values: list[list[str]]) -> Iterator[str]:
    """A format with each combination of what its values can be."""
    holes = [hole for hole in FORMAT.findall(text) if hole != "%%"]
    # A precision of its own is a value, too.
    choices = []
    rest = iter(values)
    for hole in holes:
        for _ in range(hole.count("*")):
            next(rest, None)
        value = next(rest, [GAP])
        choices.append(value if hole.endswith("s") and "*" not in hole else [GAP])
    pieces = FORMAT.split(text.replace("%%", "\0"))
    for chosen in itertools.product(*choices):
        pairs = itertools.zip_longest(pieces, chosen, fillvalue="")
        yield "".join(itertools.chain.from_iterable(pairs)).replace("\0", "%")


def functions() -> list[Function]:
    found = []
    for folder in ("core", "arch", "gdbext", "cli"):
        for file in sorted((ROOT / folder).rglob("*.c")):
            text = re.sub(
                rf"({LITERAL})|/\*.*?\*/|//[^\n]*",
                lambda match: match[1] or " ",
                file.read_text(),
                flags=re.S,
            )
            for match in FUNCTION.finditer(text):
                start = match.end() - 1
                names = [
                    re.split(r"[\s*]", parameter.strip("[] "))[-1]
                    for parameter in match[3].split(",")
                ]
                body = text[start : closing(text, start)]
                is_static = bool(re.search(r"\bstatic\b", match[1]))
                found.append(Function(match[2], names, body, file, is_static))
    return found


class Sources:
    """The functions of the C sources, and who calls whom."""

    def __init__(self) -> None:
        self.functions = functions()
        self._calls: dict[str, list[tuple[Function, int]]] = {}
        for caller in self.functions:
            for call in re.finditer(r"\b(\w+)\s*\(", caller.body):
                place = (caller, call.end() - 1)
                self._calls.setdefault(call[1], []).append(place)

    def calls(
        self, name: str, callee: Function
    ) -> "Iterator[tuple[Function, list[str]]]":
        for caller, place in self._calls.get(name, []):
            if not callee.is_static or caller.file == callee.file:
                yield caller, arguments(caller.body, place)

    def callings(self, function: Function, depth: int = 3) -> "Iterator[Values]":
        """For each call of a function, what its parameters can be."""
        for caller, given in self.calls(function.name, function):
            if caller is function or depth == 0:
                continue
            for known in self.settings(caller, given, depth - 1):
                yield dict(zip(function.parameters, known))

    def settings(
        self, function: Function, values: list[str], depth: int = 3
    ) -> "Iterator[list[list[str]]]":
        """What values inside of a function can be together, as its callers have it."""
        plain = [self.local(function, value) for value in values]
        if not set(values) & set(function.parameters):
            yield plain
            return
        count = 0
        for calling in self.callings(function, depth):
            count += 1
            pairs = zip(values, plain)
            yield [calling.get(value, own) for value, own in pairs]
        if not count:
            yield plain

    @staticmethod
    def local(function: Function, value: str) -> list[str]:
        """What a value can be by what its own function says."""
        known = words(value)
        if known != [GAP] or value in function.parameters:
            return known
        # A variable that is only ever set to words.
        texts = re.findall(rf"\b{re.escape(value)} = ([^;]*);", function.body)
        said = [word for text in texts for word in words(text)]
        return [GAP] if GAP in said or not said else said

    def messages(self) -> Iterator[str]:
        for function in self.functions:
            is_base = function.file.match("core/base/error.c")
            if is_base or function.name in FORWARDERS:
                continue
            for call in MAKER.finditer(function.body):
                _, *given = arguments(function.body, call.end() - 1)
                end = ": …" if call[1] == "prefix" else ""
                for message in self.spelled(function, given):
                    yield message + end
        for name, (place, around) in FORWARDERS.items():
            (callee,) = [each for each in self.functions if each.name == name]
            for caller, given in self.calls(name, callee):
                for message in self.spelled(caller, given[place:]):
                    yield around.format(message)

    def spelled(self, function: Function, given: list[str]) -> Iterator[str]:
        """A format and its values, in each way that they can be."""
        for texts, *values in self.settings(function, given):
            for text in texts:
                yield from filled(text, values)


def rules() -> Iterator[str]:
    for file in [ROOT / "core/compat/rules.def", *ROOT.glob("arch/*/rules.def")]:
        text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.S)
        for row in re.finditer(r"\bSNAP_RULE\w*\(", text):
            (sentence,) = words(arguments(text, row.end() - 1)[-2])
            yield re.sub(r"\{\w+\}", GAP, sentence)


def python_words(node: ast.expr, scope: ast.AST) -> list[str]:
    """What an expression of Python can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        choices = [
            python_words(part, scope) if isinstance(part, ast.Constant) else [GAP]
            for part in node.values
        ]
        return ["".join(chosen) for chosen in itertools.product(*choices)]
    if isinstance(node, ast.IfExp):
        return python_words(node.body, scope) + python_words(node.orelse, scope)
    if isinstance(node, ast.Name):
        return [
            word
            for each in ast.walk(scope)
            if isinstance(each, ast.Assign)
            and [ast.unparse(target) for target in each.targets] == [node.id]
            for word in python_words(each.value, scope)
        ] or [GAP]
    return [GAP]


def python() -> Iterator[str]:
    for file in sorted((ROOT / "python" / "gdbsnapshot").rglob("*.py")):
        tree = ast.parse(file.read_text())
        for scope in ast.walk(tree):
            if not isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            for node in ast.walk(scope):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func)
                    in ("Problem", "gdb.GdbError", "GdbError", "ValueError")
                    and node.args
                ):
                    yield from python_words(node.args[0], scope)


def tidy(message: str) -> str:
    message = re.sub(rf"{GAP}(?:[-.,:/ ]*{GAP})*", GAP, message)
    # A mapping may have a name.
    message = message.replace("the mapping … of … ", "the mapping … ")
    return message.strip().rstrip(".")


@functools.lru_cache(maxsize=None)
def known() -> set[str]:
    """All messages, each once."""
    found = {tidy(text) for text in (*Sources().messages(), *rules(), *python())}
    # Another message is in it as a whole.
    return {text for text in found if re.sub(r"\W", "", text)}


if __name__ == "__main__":
    sys.stdout.writelines(f"{message}\n" for message in sorted(known()))
