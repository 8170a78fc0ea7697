# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on messages has every message that there is, and no other."""

import re

import messages

PAGE = messages.ROOT / "doc" / "troubleshooting.md"
SECTION = re.compile(
    r"^### (.*?)\n\n```text\n(.*?)^```\n\n(.*?)(?=^##|\Z)", re.M | re.S
)
SECTIONS = SECTION.findall(PAGE.read_text())
SAID = [message for _, found, _ in SECTIONS for message in found.splitlines()]


def test_messages_are_found_in_the_sources_of_each_kind():
    known = messages.known()
    # A format with a value, one whose words a caller says, and one that two have said.
    assert "cannot attach to thread …" in known
    assert "the process cannot set the name of thread …" in known
    assert "its PRSTATUS note has a wrong size" in known
    assert "… was closed since: a socket cannot be made again" in known
    assert "pages have … bytes in the image, and … on the machine" in known
    assert "there are no snapshots" in known
    assert len(known) > 500


def test_every_message_is_on_the_page():
    missing = messages.known() - set(SAID)
    assert not missing, "name them in doc/troubleshooting.md, under what they want"


def test_no_other_message_is_on_the_page():
    assert not set(SAID) - messages.known(), "nobody gives these any more"


def test_no_message_is_there_twice():
    assert len(SAID) == len(set(SAID))


def test_every_section_says_the_cause_and_what_to_do():
    assert len(SECTIONS) == PAGE.read_text().count("\n### ") > 10
    for title, found, text in SECTIONS:
        assert found.splitlines() == sorted(found.splitlines()), title
        assert "**Cause.**" in text and "**What to do.**" in text, title
