# SPDX-License-Identifier: GPL-3.0-or-later
"""What scripts and front-ends are told, and how it looks where there is no terminal."""

import re
import subprocess

import pytest
from cpus import CPU
from marks import needs_watchpoints
from sessions import SCRIPT, version

LISTEN = """python
import gdbsnapshot.events as events
heard = []
for each in (events.saved, events.restored, events.renamed, events.deleted):
    each.connect(lambda entry, name=each.name: heard.append([name, entry.name]))
end"""


def test_scripts_are_told(gdb, target):
    # GIVEN a script that listens
    gdb.run(target("counter"), until="tick")
    gdb(LISTEN)

    # WHEN something happens to snapshots
    gdb("snapshot save here")
    gdb("set snapshot auto on")
    gdb("next")
    gdb("snapshot undo")
    gdb("snapshot name 1 there")
    gdb("snapshot delete there")

    # THEN it heard of each, once
    assert gdb.python("heard") == [
        ["saved", "here"],
        ["saved", "1"],
        ["restored", "here"],
        ["renamed", "there"],
        ["deleted", "there"],
    ]


def test_a_script_that_fails_stops_nothing(gdb, target):
    gdb.run(target("counter"), until="tick")
    gdb("python import gdbsnapshot.events")
    gdb("python gdbsnapshot.events.saved.connect(lambda entry: 1 / 0)")
    out, err = gdb.ask("snapshot save here")
    assert "Snapshot here" in out
    assert "gdbsnapshot.events.saved raised ZeroDivisionError" in err
    gdb("snapshot restore here")


def test_variables_say_which_and_how_long_ago(gdb, target):
    assert gdb.value("$_snapshot_age()") == -1
    gdb("file " + str(target("counter")))
    gdb.begin("tick")
    assert gdb.value("$_snapshot_age()") == -1
    gdb("snapshot save here")
    assert gdb.value("$_snapshot") == '"here"' and gdb.value("$_snapshot_age()") == 0
    gdb("next")
    gdb("next")
    assert gdb.value("$_snapshot") == '"here"' and gdb.value("$_snapshot_age()") == 2
    gdb("snapshot undo 2")
    assert gdb.value("$_snapshot_age()") == 0
    gdb("snapshot name here there")
    assert gdb.value("$_snapshot") == '"there"'
    gdb("snapshot delete -all")
    assert gdb.value("$_snapshot_age()") == -1
    assert "void" in str(gdb.value("$_snapshot"))
    assert "resumptions" in gdb("help function _snapshot_age")


@pytest.fixture
def mi(sessions, target, folder):
    """A front-end with a snapshot at each of three ticks."""
    session = sessions.mi(target("counter"))
    session(f"-exec-arguments </dev/null >{folder}/inferior.out")
    session("-gdb-set snapshot auto on")
    session("-break-insert tick")
    session("-exec-run")
    session.wait(r'\*stopped,reason="breakpoint-hit"')
    for _ in range(2):
        session("-exec-continue")
        session.wait(r'\*stopped,reason="breakpoint-hit"')
    return session


def test_the_front_end_undoes_and_redoes(mi):
    for command, count in (("undo 2", 0), ("redo", 1), ("redo 1", 2), ("undo", 1)):
        mi.records.clear()
        # As after all that resumes, the result is ^running, and then comes *stopped.
        mi(f"-snapshot-{command}")
        assert 'func="tick"' in mi.wait(r"\*stopped")
        (current,) = re.findall(r'name="(\d)"[^{]*?current="y"', mi("-snapshot-list"))
        assert current == str(count + 1)
        assert f'value="{count}"' in mi("-data-evaluate-expression count")
    assert mi.ask("-snapshot-undo 7").startswith("^error")


def test_the_front_end_sees_the_tree(mi):
    mi("-snapshot-undo 2")
    mi("-exec-continue")
    mi.wait(r'\*stopped,reason="breakpoint-hit"')
    found = re.findall(
        r'name="(\d)".*?reason="([^"]*)"(?:.*?after="(\d)",resumptions="(\d)")?',
        mi("-snapshot-list").replace("},{", "},\n{"),
    )
    assert found == [
        ("1", "breakpoint 1", "", ""),
        ("2", "breakpoint 1", "1", "1"),
        ("3", "breakpoint 1", "2", "1"),
        ("4", "breakpoint 1", "1", "1"),
    ]


@needs_watchpoints
def test_the_front_end_looks_at_the_past(mi):
    assert mi("-snapshot-print 1 count") == '^done,value="0"'
    assert "<count>" in mi('-snapshot-x 2 "/dg &count"')
    result = mi("-snapshot-when count")
    assert '{snapshot="3",value="2",after="2"}' in result and 'looked-at="3"' in result
    result = mi('-snapshot-when "count == 1" -true')
    assert '{snapshot="2",value="1",after="1",true="y"}' in result
    mi.records.clear()
    mi("-snapshot-last-write squares")
    mi.wait(r'\*stopped.*func="tick"')
    assert 'reason="write"' in mi("-snapshot-list")
    assert 'value="5"' in mi("-data-evaluate-expression squares")
    result = mi("-snapshot-name 3 end")
    assert 'name="end"' in result and 'automatic="n"' in result
    assert 'note="of two words"' in mi("-snapshot-note end of two words")


@pytest.mark.skipif(version() < 14, reason="this GDB has no notifications of scripts")
def test_the_front_end_is_notified(mi):
    mi('-interpreter-exec console "snapshot save mine"')
    mi.wait('=snapshot-saved,name="mine"')
    mi('-interpreter-exec console "snapshot restore 1"')
    mi.wait('=snapshot-restored,name="1"')
    mi('-interpreter-exec console "snapshot delete mine"')
    mi.wait('=snapshot-deleted,name="mine"')


def batch(sessions, program, *commands, **environment):
    """What GDB says without a terminal and without anybody."""
    words = sessions.argv(["-batch", "-x", str(SCRIPT)], [])
    for command in commands:
        words += ["-ex", command]
    done = subprocess.run(
        [*words, str(program)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": str(sessions.folder), **environment},
        timeout=120,
    )
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def test_it_works_in_a_script_that_nobody_watches(sessions, target):
    # GIVEN a script of commands, and a dumb terminal
    out, err = batch(
        sessions,
        target("counter"),
        "set style enabled off",
        "set snapshot auto on",
        "break tick",
        "run >/dev/null",
        "continue",
        "continue",
        "snapshot undo 2",
        "output count",
        "snapshot when count",
        "snapshot redo",
        "snapshot list",
        "kill",
        TERM="dumb",
    )

    # THEN all is said, in plain letters
    assert "Back 2 resumptions, at snapshot 1." in out
    assert re.search(r"(?m)^\* +2 ", out)
    assert "\033" not in out + err and "\r" not in out + err


def test_hooks_and_prompts_of_others_are_let_be(gdb, target):
    # GIVEN what people and their plugins have in .gdbinit
    gdb("python gdb.prompt_hook = lambda old: '(mine) '")
    gdb("define hook-stop\nset $stops = $stops + 1\nend")
    gdb("set $stops = 0")
    gdb(
        "python gdb.events.stop.connect(lambda event: gdb.execute('info registers',"
        " to_string=True))"
    )
    gdb("file " + str(target("counter")))
    gdb("set snapshot auto on")
    gdb.begin("tick")
    gdb("next")
    gdb("next")
    gdb("set $seen = $stops")

    # WHEN steps are undone
    gdb("snapshot undo 2")

    # THEN each stop is one, and all works
    gdb("python gdb.prompt_hook = lambda old: ''")
    assert gdb.value("count") == 0
    assert gdb.value("$stops >= $seen") == 1
    assert gdb.finish_program() == 0


PLUGIN = """
import gdb

seen = []

def look():
    frame = gdb.selected_frame()
    memory = gdb.selected_inferior().read_memory(frame.read_register("sp"), 64)
    return [
        frame.name(),
        int(frame.pc()),
        int(gdb.parse_and_eval("count")),
        bytes(memory).hex(),
        [
            line
            for line in gdb.execute("info registers", to_string=True).splitlines()
            if line.split()[0] not in KERNELS
        ],
        frame.older().name() if frame.older() else "",
    ]

def show(event):
    seen.append(look())
    print("[context]", seen[-1][0], seen[-1][2])

def forget(event):
    gdb.set_convenience_variable("cached", None)

def prompt(old):
    thread = gdb.selected_thread()
    return f"plugin {thread.num if thread else 'off'}> "

gdb.events.stop.connect(show)
gdb.events.cont.connect(forget)
gdb.events.memory_changed.connect(forget)
gdb.events.register_changed.connect(forget)
gdb.events.before_prompt.connect(lambda: gdb.execute("info line", to_string=True))
gdb.prompt_hook = prompt
"""


def test_a_plugin_that_shows_the_context_shows_that_of_then(sessions, target, folder):
    # GIVEN a .gdbinit with hooks, as pwndbg and GEF have them, read before us
    plugin = folder / "plugin.py"
    plugin.write_text(f"KERNELS = {tuple(CPU.kernels)}\n{PLUGIN}")
    gdb = sessions.gdb(
        "-iex", f"source {plugin}", "-iex", "set style enabled off", target("counter")
    )
    gdb("set snapshot auto on")
    gdb("break square")
    gdb.start()
    for _ in range(3):
        gdb("next")
    before = gdb.python("[each[:] for each in seen]")
    assert len(before) == 4

    # WHEN steps are undone and redone
    for command, where in (("undo 3", 0), ("redo", 1), ("redo 2", 3), ("undo", 2)):
        said = gdb(f"snapshot {command}")

        # THEN it shows what was there, and its prompt goes on
        assert gdb.python("seen[-1]") == before[where]
        assert "[context] " + before[where][0] in said
        assert gdb.python("gdb.prompt_hook('')") == "plugin 1> "
    assert gdb.finish_program() == 0
