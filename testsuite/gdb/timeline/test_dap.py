# SPDX-License-Identifier: GPL-3.0-or-later
"""An editor: GDB's own Debug Adapter Protocol, GDB 14 and later."""

import re

import pytest
from sessions import version

pytestmark = pytest.mark.skipif(version() < 14, reason="this GDB has no adapter")


@pytest.fixture
def editor(sessions, target):
    """An editor whose program stands at its first tick."""
    session = sessions.dap(target("counter"))
    # It is answered when all is configured.
    session.begin("launch")
    session(
        "setFunctionBreakpoints",
        breakpoints=[{"name": "tick"}],
    )
    session("configurationDone")
    session.wait("stopped", reason="breakpoint")
    return session


def value(editor, expression):
    frame = editor.frame()["id"]
    said = editor("evaluate", expression=expression, frameId=frame, context="watch")
    return int(said["result"])


def go_on(editor, thread=1):
    editor("continue", threadId=thread)
    return editor.wait("stopped")


def test_the_console_saves_lists_and_restores(editor):
    # GIVEN a program that was saved from the editor's console, and has gone on
    assert "Snapshot here: 1 thread" in editor.repl("snapshot save here")
    go_on(editor)
    go_on(editor)
    assert value(editor, "count") == 2
    assert re.search(r"(?m)^\* +here ", editor.repl("snapshot list"))

    # WHEN it is restored there
    editor.events.clear()
    assert "Snapshot here restored" in editor.repl("snapshot restore here")

    # THEN the editor is told that it stopped, and shows what is there
    editor.wait("stopped")
    assert value(editor, "count") == 0
    assert editor.frame()["name"] == "tick"
    go_on(editor)
    assert value(editor, "count") == 1


def test_undo_and_redo_are_stops(editor):
    # GIVEN steps with a snapshot at each
    editor.repl("set snapshot auto on")
    lines = [editor.frame()["line"]]
    for _ in range(3):
        editor("next", threadId=1)
        editor.wait("stopped", reason="step")
        lines.append(editor.frame()["line"])

    # WHEN they are undone and redone
    for command, line in (
        ("snapshot undo", lines[2]),
        ("snapshot undo 2", lines[0]),
        ("snapshot redo 3", lines[3]),
    ):
        editor.events.clear()
        editor.repl(command)

        # THEN the editor's cursor follows
        editor.wait("stopped")
        assert editor.frame()["line"] == line


def test_what_is_wrong_is_a_sentence(editor):
    response = editor.ask("evaluate", expression="snapshot undo", context="repl")
    assert "set snapshot auto on" in str(response)
    assert "Traceback" not in str(response)


def test_the_past_is_looked_at(editor):
    editor.repl("set snapshot auto on")
    go_on(editor)
    go_on(editor)
    assert editor.repl("snapshot print 1 count").strip() == "1: 0"
    assert "last between 2 and 3" in editor.repl("snapshot when count")
