# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that have changed: their types, where they are declared, their values."""

import re

import pytest

PRINTER = """python
class Point:
    def __init__(self, value):
        self.value = value
    def to_string(self):
        return f"<{int(self.value['x'])}|{int(self.value['y'])}>"
def look_up(value):
    return Point(value) if str(value.type.strip_typedefs()) == "struct point" else None
gdb.pretty_printers.append(look_up)
end"""


def rows(said):
    """Name, type, declaration, value before and after."""
    block = re.search(r"(?ms)^Variables\n.*?\n(.*?)(?=\n\n|\Z)", said)
    if not block:
        return {}
    found = {}
    for line in block[1].splitlines():
        if line.startswith("  …"):
            continue
        name, *rest = re.split(r" {2,}", line.strip())
        found[name] = tuple(rest)
    return found


@pytest.fixture
def saved(gdb, target):
    """A program that was saved before it has changed something."""
    gdb.run(target("variables"), until="saved")
    gdb("snapshot save before")
    return gdb


@pytest.fixture
def changed(saved):
    """It has changed one of each kind."""
    saved.go(until="changed")
    return saved


def test_variables_have_types_and_values(changed):
    # WHEN it is compared
    found = rows(changed("snapshot diff -variables"))

    # THEN each is told down to the field and the element, as GDB prints it
    types = {name: (row[0], *row[2:]) for name, row in found.items()}
    assert types["weight"] == ("volatile double", "1.5", "2.25")
    assert types["shapes[1].colour"] == ("enum colour", "RED", "GREEN")
    assert types["shapes[1].nr_points"] == ("unsigned int", "0", "3")
    assert types["shapes[1].points[41].x"] == ("int", "0", "-5")
    assert types["shapes[1].points[42].y"] == ("int", "0", "6")
    assert types["shapes[1].name"][0] == "char [16]"
    assert types["shapes[1].name"][2].startswith('"triangle')
    assert "number = 77" in types["shapes[2]"][2]
    assert types["shapes[2].next"][0] == "struct shape *"
    assert types["motto"][1].endswith('"before"')
    assert types["motto"][2].endswith('"after"')

    # AND what has not changed is not there
    assert not any("unchanged" in name or "is_open" in name for name in found)
    assert "shapes[1].points[41].y" not in found and "shapes[0]" not in str(found)


def test_variables_of_functions_are_those_of_their_calls(changed):
    found = rows(changed("snapshot diff -variables"))
    assert found["here.y in outer"][2:] == ("2", "9")
    assert found["calls in inner"][2:] == ("0", "1")
    assert not any(name.startswith(("kept", "here.x")) for name in found)


def test_a_variable_is_told_with_the_line_of_its_declaration(changed):
    found = rows(changed("snapshot diff -variables"))
    for name in ("weight", "motto", "shapes[1].colour"):
        file, line = found[name][1].split(":")
        assert file == "variables.c"
        text = changed(f"list {file}:{line},{line}")
        assert re.search(rf"\b{re.match('[a-z]+', name)[0]}\b", text)


def test_in_short_variables_stand_before_memory(changed):
    said = changed("snapshot diff")
    assert said.index("Variables\n") < said.index("Memory: ")
    assert rows(said)["weight"][2:] == ("1.5", "2.25")
    assert "Variables" not in changed("snapshot diff -memory")


def test_two_snapshots_are_compared_either_way(changed):
    changed("snapshot save after")
    changed.go(until="much_changed")
    there = rows(changed("snapshot diff before after -variables"))
    back = rows(changed("snapshot diff after before -variables"))
    assert there["weight"][2:] == ("1.5", "2.25")
    assert back["weight"][2:] == ("2.25", "1.5")
    assert set(there) == set(back)
    assert "many[0]" not in there


def test_pretty_printers_say_what_a_value_is(saved, folder):
    # GIVEN a printer that the user has loaded from a file
    script = folder / "printers.py"
    script.write_text("\n".join(["import gdb", *PRINTER.splitlines()[1:-1]]))
    saved(f"source {script}")
    saved.go(until="changed")

    # THEN what it prints is one value
    found = rows(saved("snapshot diff -variables"))
    kind, _, old, new = found["shapes[1].points[41]"]
    assert (kind, old, new) == ("struct point", "<0|0>", "<-5|0>")
    assert found["here in outer"][2:] == ("<1|2>", "<1|9>")


def test_of_many_the_first_are_shown(saved):
    saved.go(until="much_changed")
    said = saved("snapshot diff")
    assert re.search(r"(?m)^  … and \d+ more$", said)
    assert len(rows(said)) == 20
    said = saved("snapshot diff -variables")
    assert 900 < len(rows(said)) <= 1000
    assert "  … and perhaps more" in said
    assert rows(said)["many[3]"][2:] == ("0", "257")


def test_threads_are_told_apart(gdb, target):
    # GIVEN two threads that have gone on, each in its function
    gdb.load(target("pair"))
    gdb("break left")
    gdb("break right")
    gdb.start()
    gdb("snapshot save before")
    gdb("set var may_go_on = 1")
    for _ in range(4):
        gdb("continue")

    # THEN what has changed is told with its type, whoever it was
    found = rows(gdb("snapshot diff -variables"))
    assert found["may_go_on"][0] == "volatile int"
    assert found["may_go_on"][2:] == ("0", "1")
    assert {"lefts", "rights"} & set(found)


def test_nothing_is_disturbed(changed):
    looks = "info breakpoints", "show values", "frame", "info inferiors"
    before = [changed(look) for look in looks]
    changed("snapshot diff")
    assert [changed(look) for look in looks] == before
    assert changed.finish_program() == 0


def test_what_cannot_be_told_is_said(changed, folder):
    # GIVEN an image
    image = folder / "before.core"
    changed(f"snapshot export before {image}")

    # THEN it is compared, and why not its variables is said
    said = changed(f"snapshot diff {image}")
    assert "Memory: " in said and "Variables are not told: snapshot before was" in said
    said = changed.refuses(f"snapshot diff {image} -variables")
    assert "was read from a file" in said
    said = changed(f"snapshot diff {image} -memory")
    assert "Variables" not in said


def test_scripts_get_them_as_values(changed):
    found = changed.python(
        "[(c.variable.name, c.old, c.new) for c in"
        " __import__('gdbsnapshot').diff('before').variables()]"
    )
    assert ["weight", "1.5", "2.25"] in found


def test_a_front_end_gets_them_as_tuples(sessions, target, folder):
    session = sessions.mi(target("variables"))
    session(f"-exec-arguments </dev/null >{folder}/inferior.out")
    session("-break-insert -t saved")
    session("-break-insert -t changed")
    session("-exec-run")
    session.wait(r'\*stopped,reason="breakpoint-hit"')
    session("-snapshot-save before")
    session("-exec-continue")
    session.wait(r'\*stopped,reason="breakpoint-hit"')
    said = session("-snapshot-diff before -variables")
    assert re.search(
        r'\{name="weight",type="volatile double",where="variables.c:\d+",old="1.5",'
        r'new="2.25"\}',
        said,
    )
    assert "memory=" not in said
