# SPDX-License-Identifier: GPL-3.0-or-later
"""Every transcript in a page is what the terminal shows today."""

import pytest
import transcripts


@pytest.mark.parametrize("page", transcripts.pages(), ids=lambda page: page.name)
def test_transcripts_are_what_the_terminal_shows(page):
    assert transcripts.check(page) > 0


def test_every_program_is_in_a_transcript():
    said = "".join(page.read_text() for page in transcripts.pages())
    for program in transcripts.PROGRAMS.iterdir():
        assert program.name in said


def test_a_transcript_that_says_something_else_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- transcript: new -->\n```text\n$ echo one two\none three\n```\n"
    )
    with pytest.raises(AssertionError, match="page.md"):
        transcripts.check(page)

    transcripts.write(page)
    assert "one two\n```\n" in page.read_text()
    assert transcripts.check(page) == 1


def test_a_line_behind_another_prompt_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- transcript: new -->\n```text\n(gdb) info line\n```\n")
    with pytest.raises(transcripts.Failed, match="the prompt is"):
        transcripts.check(page)
