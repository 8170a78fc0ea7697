# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a snapshot may have, and what is said of others."""

import pytest
from gdbsnapshot import names
from gdbsnapshot.problem import Problem


@pytest.mark.parametrize("name", ["a", "s1", "at-tick", "before.2", "größe", "1st"])
def test_ordinary_names_are_taken(name):
    names.check(name)


@pytest.mark.parametrize(
    "name, why",
    [
        ("", "cannot be empty"),
        ("-x", "cannot begin with '-'"),
        ("a/b", "cannot contain '/'.*-file FILE"),
        ("12", "cannot be a number.*s12"),
        ("a b", "cannot contain blanks"),
        ("a\tb", "cannot contain blanks"),
        ("a\x1bb", "cannot contain blanks"),
    ],
)
def test_names_that_would_be_misread_are_refused(name, why):
    with pytest.raises(Problem, match=why):
        names.check(name)


def test_a_slip_of_the_finger_is_recognised():
    said = str(names.unknown("at-tik", ["at-tick", "other"]))
    assert "'at-tik'" in said
    assert "Did you mean 'at-tick'?" in said


def test_without_a_near_name_the_list_is_named():
    assert "snapshot list" in str(names.unknown("zzz", ["abc"]))


def test_without_any_name_saving_is_named():
    assert "snapshot save" in str(names.unknown("zzz", []))
