# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts and machines, as text for a person."""

import json
import textwrap
from typing import TYPE_CHECKING, Optional, Sequence

from .render import Column, Page, table

if TYPE_CHECKING:
    from _snapshot import Verdict


def verdicts(
    rows: "Sequence[tuple[Optional[str], Verdict]]", page: Page = Page()
) -> str:
    """One verdict with all that was found; of more than one a table."""
    if len(rows) == 1:
        return _verdict(rows[0][1], page)
    columns = [Column("Machine", "filename"), Column("Verdict"), Column("Reason")]
    return table(
        columns,
        ((machine or "", v["verdict"], _reason(v)) for machine, v in rows),
        page,
    )


def _verdict(verdict: "Verdict", page: Page) -> str:
    lines = [page.style("title", verdict["verdict"].capitalize())]
    for finding in verdict["findings"]:
        lines.append(
            f"  {finding['severity']:<5}  {finding['subject']}: {finding['sentence']}"
        )
        if finding["remedy"]:
            lines.append(f"         {finding['remedy']}")
    return "\n".join(lines) + "\n"


def _reason(verdict: "Verdict") -> str:
    """The first that is worse than a note."""
    if verdict["verdict"] not in ("risky", "impossible"):
        return ""
    return verdict["findings"][0]["sentence"]


def risks(verdict: "Verdict") -> str:
    """What was restored all the same."""
    return "".join(
        f"Risky: {finding['sentence']}.\n"
        for finding in verdict["findings"]
        if finding["severity"] != "note"
    )


def cpu(description: str, page: Page = Page()) -> str:
    """A CPU's description, which is JSON, for a person."""
    found = json.loads(description)
    facts = {"arch": found["arch"], **found["texts"], **found["numbers"]}
    width = max(len(name) for name in facts)
    lines = [
        f"{page.style('variable', name)}{' ' * (width - len(name))}  {_item(value)}"
        for name, value in sorted(facts.items())
    ]
    features = textwrap.wrap(
        " ".join(found["features"]), (page.width or 80) - 2, break_long_words=False
    )
    return "\n".join([*lines, "features", *("  " + line for line in features)]) + "\n"


def _item(value: "int | str") -> str:
    """Large numbers are bit masks, mostly."""
    return str(value) if isinstance(value, str) or value < 65536 else hex(value)
