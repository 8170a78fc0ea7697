"""Two snapshots beside each other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .store import Entry

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
