# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that moves the program works after a restore."""

import re

import pytest


@pytest.fixture
def rewound(gdb, target):
    """A counter that was saved in square(3), was elsewhere, and is back."""
    gdb.run(target("counter"), until="square", hits=3)
    gdb("snapshot save")
    gdb.go(until="add", hits=4)
    gdb("finish")
    gdb("step")
    gdb("snapshot restore")
    assert gdb.value("number") == 3
    return gdb


def test_finish_leaves_the_function_with_its_value(rewound):
    said = rewound("finish")
    assert re.search(r"Value returned is \$\d+ = 9\b", said)
    assert "tick ()" in said
    assert rewound.finish_program() == 0


def test_up_finish_leaves_the_caller(rewound):
    rewound("up")
    assert "main ()" in rewound("finish")
    assert rewound.value("squares") == 14
    assert rewound.finish_program() == 0


def test_next_steps_over_a_call(rewound):
    rewound("finish")
    rewound("next")
    assert rewound.python("gdb.selected_frame().name()") in ("tick", "main")
    assert rewound.value("squares") == 14
    assert rewound.finish_program() == 0


def test_step_enters_a_function(rewound):
    rewound("finish")
    rewound("step")
    assert rewound.python("gdb.selected_frame().name()") == "add"
    assert rewound.value("a") == 5
    assert rewound.value("b") == 9
    assert rewound.finish_program() == 0


def test_until_stops_in_the_same_function(rewound):
    rewound("finish")
    rewound("until")
    assert rewound.python("gdb.selected_frame().name()") in ("tick", "main")
    assert rewound.finish_program() == 0


def test_stepi_executes_one_instruction(rewound):
    before = rewound.value("(long)$pc")
    size = rewound.python(
        "gdb.selected_frame().architecture().disassemble("
        "gdb.selected_frame().pc())[0]['length']"
    )
    rewound("stepi")
    assert rewound.value("(long)$pc") == before + size
    assert rewound.finish_program() == 0


def test_displays_show_what_is_true_now(gdb, target):
    # GIVEN an expression on display
    gdb.run(target("counter"), until="tick", hits=3)
    gdb("display count")
    gdb("snapshot save")
    assert "count = 5" in gdb.go(until="tick", hits=3)

    # WHEN the program is rewound
    gdb("snapshot restore")

    # THEN it shows what is there again, and what comes next
    assert "count = 2" in gdb("display")
    assert "count = 3" in gdb.go(until="tick")
    assert gdb.finish_program() == 0


def test_inferior_calls_work(rewound):
    if not rewound.can_call("square(1)"):
        pytest.skip("this GDB cannot call functions on this machine")
    assert rewound.value("add(40, 2)") == 42
    assert rewound.value("square(12)") == 144
    assert rewound.value("number") == 3
    assert rewound.finish_program() == 0
