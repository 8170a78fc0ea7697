# SPDX-License-Identifier: GPL-3.0-or-later
"""Two snapshots beside each other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from .store import Entry
from .variables import Change, find

if TYPE_CHECKING:
    from _snapshot import Difference


@dataclass(frozen=True)
class Comparison:
    """What has changed between two snapshots, or since one."""

    old: Entry
    new: Entry
    is_live: bool
    """`new` is the process as it is now."""
    difference: "Difference"

    def variables(self, most: int = 1000) -> Sequence[Change]:
        """
        What variables, fields and elements have another value.

        @param most So many are looked at.
        """
        return find(self, most).all
