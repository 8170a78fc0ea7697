# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual has every command and option that there is, and no other."""

import collections
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("SNAPSHOT_BUILD", "."))
CHAPTERS = sorted((ROOT / "doc" / "manual").glob("*.texi"))
ENTRY = re.compile(r"@deffn (.*?)^@end deffn", re.M | re.S)
HEAD = re.compile(r"(?:\{(.+?)\}|(\S+)) (?:\{(.+?)\}|(\S+))")


def entries():
    """By what they are ("Command") and their names: the text of each entry."""
    found = collections.defaultdict(dict)
    for chapter in CHAPTERS:
        for text in ENTRY.findall(chapter.read_text()):
            first, *rest = text.splitlines()
            more = [line[len("@deffnx ") :] for line in rest if "@deffnx" in line]
            for head in [first, *more]:
                kind, kind_too, name, name_too = HEAD.match(head).groups()
                found[kind or kind_too][name or name_too] = text
    return found


MANUAL = entries()


def options(text):
    """Those that a table explains."""
    return re.findall(r"^@itemx? (--?[a-z][a-z-]*)", text, re.M)


def heads(text, name):
    """The lines of an entry that have the command's name."""
    lines = re.findall(r"^(?:@deffnx )?(.*)$", text, re.M)
    return " ".join(line for line in lines if f"{{{name}}}" in line)


@pytest.fixture(scope="module")
def gdb():
    run = subprocess.run(
        [os.environ.get("GDB", "gdb"), "-nx", "-batch"]
        + ["-x", BUILD / "gdb-snapshot.py", "-x", HERE / "ask_gdb.py"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def shell(*arguments):
    run = subprocess.run(
        [BUILD / "cli" / "gdb-snapshot", *arguments],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return run.stdout


def test_every_command_is_in_the_manual_and_no_other(gdb):
    assert len(gdb["commands"]) > 10
    assert sorted(MANUAL["Command"]) == sorted(gdb["commands"])


def test_every_setting_is_in_the_manual_and_no_other(gdb):
    assert gdb["settings"]
    assert sorted(MANUAL["Setting"]) == sorted(gdb["settings"]) == sorted(gdb["shown"])


def test_every_option_of_every_command_is_explained_and_no_other(gdb):
    for name, text in MANUAL["Command"].items():
        assert sorted(set(options(text))) == gdb["options"][name], name


def test_the_line_of_a_command_has_the_options_that_are_explained():
    for kind in ("Command", "Shell command"):
        for name, text in MANUAL[kind].items():
            if name != "gdb-snapshot":
                shown = re.findall(r"@option\{(--?[a-z-]+)\}", heads(text, name))
                explained = set(options(text))
                assert set(shown) <= explained, name
    # Over its lines, where it has more than one.
    for text in MANUAL["Command"].values():
        shown = re.findall(r"@option\{(-[a-z-]+)\}", text.split("\n\n")[0])
        assert set(options(text)) <= set(shown)


def test_every_command_for_front_ends_is_in_the_manual_and_no_other(gdb):
    assert sorted(MANUAL["MI command"]) == sorted(gdb["mi"])


def test_every_name_for_python_is_in_the_manual_and_no_other(gdb):
    said = [*MANUAL["Python function"], *MANUAL["Python class"]]
    assert sorted(said) == sorted(gdb["python"])


def usages():
    """By its first word: what gdb-snapshot --help says of a command's arguments."""
    found = re.findall(
        r"^(?:Usage:|      ) gdb-snapshot (\w+) (.*)$", shell("--help"), re.M
    )
    assert len(found) == 3
    return dict(found)


def long_options(text):
    return set(re.findall(r"--[a-z]+", text))


def test_the_manual_has_what_gdb_snapshot_helps_with():
    said = {name.removeprefix("gdb-snapshot ") for name in MANUAL["Shell command"]}
    assert said == {*usages(), "gdb-snapshot"}
    for word, usage in usages().items():
        text = MANUAL["Shell command"][f"gdb-snapshot {word}"]
        assert long_options(usage) == set(options(text)), word
    for option in options(MANUAL["Shell command"]["gdb-snapshot"]):
        assert shell(option)


def test_the_manual_page_has_what_gdb_snapshot_helps_with():
    source = (ROOT / "cli" / "gdb-snapshot.1").read_text().replace("\\-", "-")
    synopsis, description = re.split(r"^\.SH DESCRIPTION$", source, flags=re.M)
    synopsis = synopsis[synopsis.index(".SH SYNOPSIS") :]
    said = collections.defaultdict(set)
    for form in synopsis.split(".br"):
        (word,) = re.findall(r"gdb-snapshot (\w+)", form)
        said[word] |= long_options(form)
    assert said == {word: long_options(usage) for word, usage in usages().items()}

    part = re.search(r"^\.SH OPTIONS$(.*?)^\.SH", description, re.M | re.S)[1]
    explained = re.findall(r"^\.TP\n\.BI? (--[a-z]+)", part, re.M)
    assert set(explained) == set.union(*said.values())


def test_every_chapter_is_in_the_book():
    book = (ROOT / "doc" / "gdb-snapshot.texi").read_text()
    included = re.findall(r"^@include manual/(\S+)$", book, re.M)
    assert sorted(included) == [chapter.name for chapter in CHAPTERS]
