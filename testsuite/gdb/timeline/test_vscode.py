# SPDX-License-Identifier: GPL-3.0-or-later
"""VS Code: what doc/howto-vscode.md says is what happens, as its requests have it."""

import json
import re
from pathlib import Path

import pytest
from sessions import SCRIPT, version

PAGE = Path(__file__).parents[3] / "doc" / "howto-vscode.md"
INSTALLED = "/usr/share/gdb-snapshot/gdb-snapshot.py"
STOPS = re.compile(r"snapshot (undo|redo|restore|last-write)\b")


def blocks(kind):
    """The blocks of a kind on the page, with its installed paths made ours."""
    found = re.findall(rf"(?ms)^```{kind}\n(.*?)^```$", PAGE.read_text())
    return [text.replace(INSTALLED, str(SCRIPT)) for text in found]


def substituted(value, folder):
    """What VS Code makes of its variables in a launch.json."""
    text = json.dumps(value).replace("${workspaceFolder}", str(folder))
    return json.loads(text)


def extension():
    (found,) = [json.loads(t) for t in blocks("json") if "contributes" in t]
    (debugger,) = found["contributes"]["debuggers"]
    return debugger


def configuration(kind, folder):
    texts = [text for text in blocks("json") if f'"{kind}"' in text]
    (found,) = [json.loads(t) for t in texts if "configurations" in t]
    (wanted,) = found["configurations"]
    return substituted(wanted, folder)


def console(begins):
    """What the page says is typed into the Debug Console."""
    (lines,) = [
        text.splitlines() for text in blocks("console") if text.startswith(begins)
    ]
    return lines


@pytest.fixture
def workspace(target, folder):
    """A folder with a.out and its source."""
    (folder / "a.out").symlink_to(target("counter"))
    return folder


@pytest.mark.skipif(version() < 14, reason="this GDB has no adapter")
def test_the_extension_and_the_launch_file_work(sessions, workspace):
    # GIVEN VS Code with the page's extension and launch.json
    debugger = extension()
    launch = configuration(debugger["type"], workspace)
    editor = sessions.adapter(debugger["args"])
    editor.hello(
        clientID="vscode",
        clientName="Visual Studio Code",
        adapterID=debugger["type"],
        pathFormat="path",
        linesStartAt1=True,
        columnsStartAt1=True,
        supportsVariableType=True,
        supportsVariablePaging=True,
        supportsRunInTerminalRequest=True,
        supportsProgressReporting=True,
        supportsInvalidatedEvent=True,
        supportsMemoryReferences=True,
        supportsMemoryEvent=True,
    )

    # AND a breakpoint that was clicked, at which it stops
    editor.begin("launch", **launch)
    editor.wait("initialized")
    source = Path(__file__).parents[1] / "beside" / "counter.c"
    number = next(
        number
        for number, line in enumerate(source.read_text().splitlines(), 1)
        if "count = add" in line
    )
    editor(
        "setBreakpoints",
        source={"name": source.name, "path": str(source)},
        breakpoints=[{"line": number}],
    )
    editor("configurationDone")
    thread = editor.wait("stopped", reason="breakpoint")["threadId"]
    seen = [shown(editor)]
    for _ in range(2):
        editor("next", threadId=thread)
        editor.wait("stopped", reason="step")
        seen.append(shown(editor))
    assert seen[0][0] == number and len(set(seen)) == 3

    # WHEN each line of the page is typed
    where = 2
    for line in console("snapshot"):
        editor.events.clear()
        said = typed(editor, line)

        # THEN GDB answers, and where the process has moved, the editor is told, and
        # shows what is there
        assert said
        if STOPS.match(line):
            where += {"undo": -1, "redo": 1}.get(line.split()[1], 0)
            editor.wait("stopped")
            assert shown(editor) == seen[where]
    assert typed(editor, "snapshot undo")
    editor.wait("stopped")
    assert shown(editor) == seen[1]
    editor("next", threadId=thread)
    editor.wait("stopped", reason="step")
    assert shown(editor) == seen[2]


def typed(editor, line):
    frame = editor.frame()["id"]
    said = editor("evaluate", expression=line, frameId=frame, context="repl")
    return said["result"]


def shown(editor):
    """The cursor's line, and the global `count` as a watch shows it."""
    frame = editor.frame()
    said = editor("evaluate", expression="count", frameId=frame["id"], context="watch")
    scopes = editor("scopes", frameId=frame["id"])["scopes"]
    names = [scope["name"] for scope in scopes]
    assert "Locals" in names
    return frame["line"], said["result"]


def test_the_launch_file_of_the_c_extension_works(sessions, workspace):
    # GIVEN what the extension does with the page's launch.json
    launch = configuration("cppdbg", workspace)
    front = sessions.mi(load=False)
    front("-gdb-set mi-async on")
    for command in launch["setupCommands"]:
        execute(front, command["text"])
    front(f"-environment-cd {launch['cwd']}")
    front(f"-file-exec-and-symbols {launch['program']}")
    front(f"-exec-arguments </dev/null >{workspace}/inferior.out")
    front("-break-insert counter.c:tick")
    front("-exec-run")
    front.wait(r'\*stopped,reason="breakpoint-hit"')
    for _ in range(2):
        front("-exec-next")
        front.wait(r'\*stopped,reason="end-stepping-range"')

    # WHEN each line of the page is typed
    for line in console("-exec"):
        word, _, command = line.partition(" ")
        assert word == "-exec"
        front.records.clear()
        execute(front, command)

        # THEN it is done, and where the process has moved, the front-end is told
        if STOPS.match(command):
            assert 'func="tick"' in front.wait(r"\*stopped")
    execute(front, "snapshot undo")
    said = front.wait(r"\*stopped")
    assert 'func="tick"' in said


def execute(front, command):
    """A line that begins with -exec."""
    text = command.replace("\\", "\\\\").replace('"', '\\"')
    return front(f'-interpreter-exec console "{text}"')
