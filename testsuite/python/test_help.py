# SPDX-License-Identifier: GPL-3.0-or-later
"""What help says is what the parser takes."""

import re

import pytest
from gdbsnapshot.commands import COMMANDS, PREFIXES
from gdbsnapshot.problem import Problem

INSTANCES = [command() for command in COMMANDS]
IDS = [command.name for command in INSTANCES]

every_command = pytest.mark.parametrize("command", INSTANCES, ids=IDS)


def usage(command):
    (lines,) = re.findall(r"^Usage: (.*(?:\n.+)*)$", command.__doc__, re.M)
    return lines.replace("\n", " ")


@every_command
def test_help_is_a_summary_a_usage_and_words(command):
    lines = command.__doc__.splitlines()
    assert lines[0].endswith(".")
    assert lines[1] == ""
    assert lines[2].startswith(f"Usage: {command.name}")


@every_command
def test_help_has_no_line_that_a_terminal_breaks_or_indents(command):
    for line in command.__doc__.splitlines():
        assert len(line) <= 84
        assert not line.startswith(" ")


@every_command
def test_usage_and_parser_have_the_same_options(command):
    said = set(re.findall(r"(?<!\w)-[a-z]+(?:-[a-z]+)*", usage(command)))
    said = {option for option in said if option not in command.name}
    assert said == set(command.parser.option_strings())


@every_command
def test_every_option_is_explained(command):
    for option in command.parser.option_strings():
        assert re.search(rf"^{option}\b", command.__doc__, re.M)


@every_command
def test_usage_and_parser_have_the_same_words(command):
    parser = command.parser
    for action in parser._get_positional_actions():
        shown = action.metavar
        if action.nargs == "?":
            # In [A [B]] the second goes with the first.
            shown = re.compile(rf"\[{re.escape(shown)}( \[\w+\])?\]")
            assert shown.search(usage(command))
            continue
        if action.nargs == "*":
            shown = f"{shown}..."
        assert shown in usage(command)
    for action in parser._get_optional_actions():
        if action.nargs is None:
            assert f"[{action.option_strings[0]} {action.metavar}]" in usage(command)


@every_command
def test_every_completer_is_for_an_argument_that_there_is(command):
    destinations = {action.dest for action in command.parser._actions}
    assert set(command.completers) <= destinations


@every_command
def test_what_is_not_there_is_refused_with_a_way_to_help(command):
    with pytest.raises(Problem, match=f"'{command.name}'.*See 'help {command.name}'"):
        command.parser.parse(["x", "x", "x", "-no-such-option"])


@pytest.mark.parametrize("prefix", PREFIXES, ids=[each.name for each in PREFIXES])
def test_every_prefix_says_what_its_commands_are_for(prefix):
    assert prefix().__doc__.splitlines()[0].endswith(".")


def parse(name, *words):
    (command,) = [each for each in INSTANCES if each.name == name]
    return command.parser.parse(words)


def test_options_may_stand_before_and_behind_words():
    for words in (
        ("a", "-file", "f", "-note", "x y"),
        ("-file", "f", "a", "-note", "x y"),
        ("-file", "f", "-note", "x y", "a"),
    ):
        args = parse("snapshot save", *words)
        assert (args.snapshot, args.file, args.note) == ("a", "f", "x y")


def test_options_may_be_abbreviated_as_long_as_they_are_one():
    assert parse("snapshot save", "-over", "-f", "x").overwrite is True
    with pytest.raises(Problem, match="unrecognized"):
        parse("snapshot save", "-overt")
