# SPDX-License-Identifier: GPL-3.0-or-later
"""How snapshots are working, as text.  Knows nothing of GDB."""

from typing import TYPE_CHECKING, Iterable, Optional

from .render import plural, printable, size

if TYPE_CHECKING:
    from _snapshot import Report, StoreUsage, Tracking

_WORDS = {
    "userfaultfd": "userfaultfd: the kernel notes what is written",
    "soft-dirty": "soft-dirty: the kernel notes what is written",
    "contents": "contents: all memory is compared",
}


def tracking(found: "Optional[Tracking]") -> Iterable[tuple[str, str]]:
    """How changed pages of a process are found, and why not in a better way."""
    if found is None:
        yield "Changed pages", "not looked for: there is no snapshot of the process"
        return
    yield "Changed pages", _WORDS[found["way"]]
    for way, reason in found["why_not"]:
        yield f"Not {way}", reason


def _next(found: "Optional[Tracking]") -> Iterable[tuple[str, str]]:
    if found is not None and found["way"] != "contents":
        text = "what was noted" if found["is_marked"] else "all memory, this once"
        yield "Next, look at", text


def _store(count: int, usage: "StoreUsage") -> Iterable[tuple[str, str]]:
    yield "Snapshots", str(count)
    yield "Pages", size(usage["pages"])
    yield "Tables", size(usage["tables"])
    yield "Spare", size(usage["spare"] + usage["coming"])
    directory = usage["directory"]
    yield "Kept in", "memory" if directory is None else f"a file in {directory}"


def _restore(report: "Report") -> Iterable[tuple[str, str]]:
    yield "Compared", size(report["bytes_compared"])
    yield "Written", size(report["bytes_written"])
    yield "Landed", f"{report['landed']} of {plural(report['threads'], 'thread')}"
    yield "Mappings", plural(report["mapping_steps"], "step")


def block(title: str, facts: Iterable[tuple[str, str]]) -> str:
    lines = [title, *(f"  {fact + ':':<18}{printable(text)}" for fact, text in facts)]
    return "".join(line + "\n" for line in lines)


def status(
    pid: Optional[int],
    found: "Optional[Tracking]",
    count: int,
    usage: "StoreUsage",
    calls: int,
    report: "Optional[Report]",
) -> str:
    """
    The text of `maintenance snapshot status`.

    @param calls How many calls into the kernel the last verb has made.
    """
    blocks = []
    if pid:
        blocks.append(block(f"Process {pid}", [*tracking(found), *_next(found)]))
    blocks.append(block("Store", _store(count, usage)))
    if report is not None:
        blocks.append(block("Last restore", _restore(report)))
    if calls:
        calls_made = [("Into the kernel", str(calls))]
        blocks.append(block("Calls of the last save or restore", calls_made))
    return "\n".join(blocks)
