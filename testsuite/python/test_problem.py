# SPDX-License-Identifier: GPL-3.0-or-later
"""How a failure reads."""

import pytest
from gdbsnapshot.problem import Problem


@pytest.mark.parametrize(
    "sentence, remedy, text",
    [
        ("there is no process", None, "There is no process."),
        ("it is so", "do that", "It is so. Do that."),
        ("is it so?", "Do that!", "Is it so? Do that!"),
        # The name of a file stays as it is.
        ("/tmp/x is a directory", None, "/tmp/x is a directory."),
        ("a.core is not an image", None, "a.core is not an image."),
    ],
)
def test_a_problem_is_sentences(sentence, remedy, text):
    assert str(Problem(sentence, remedy)) == text
