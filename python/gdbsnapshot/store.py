"""The snapshots of this session, in the order of time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterator, Optional

from . import names
from .problem import Problem

if TYPE_CHECKING:
    from _snapshot import Snapshot


@dataclass(frozen=True)
class Place:
    """What GDB showed and had selected at a save."""

    thread: int = 0
    """The selected thread's TID; 0: not known."""
    level: int = 0
    """The selected frame's level."""
    inlined: int = 0
    """How many of the innermost frames are functions that were inlined."""
    location: str = ""
    """Function, file and line of the innermost frame."""
    libraries: Optional[str] = None
    """GDB's list of shared libraries; None: not known."""


@dataclass(frozen=True)
class Displaced:
    """A snapshot that was deleted to make room."""

    name: str
    freed: int
    """In bytes."""


@dataclass
class Entry:
    """A snapshot and what the session knows about it."""

    name: str
    snapshot: "Snapshot"
    place: Place = field(default_factory=Place)
    file: Optional[str] = None
    """The image it was written to or read from."""
    is_named: bool = True
    """The user has chosen the name; otherwise it may go when there is no room."""
    displaced: "tuple[Displaced, ...]" = ()
    """Those that went to make room for it."""
    excess: int = 0
    """By how many bytes the snapshots are over the limit even so."""

    @property
    def pid(self) -> int:
        return self.snapshot.pid

    @property
    def note(self) -> str:
        return self.snapshot.note


class Store:
    """Snapshots by name."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._last_number = 0
        self._current: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The oldest first; those of one instant in the order they were added."""
        entries = self._entries.values()
        return iter(sorted(entries, key=lambda entry: entry.snapshot.time))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        return [entry.name for entry in self]

    def new_name(self) -> str:
        """s1, s2, …: never one that was given out before."""
        number = self._last_number + 1
        while f"s{number}" in self._entries:
            number += 1
        return f"s{number}"

    def check_free(self, name: str) -> None:
        """Raise Problem unless a new snapshot may have this name."""
        names.check(name)
        if name in self._entries:
            raise Problem(
                f"there is a snapshot named '{name}' already",
                f"Choose another name, or 'snapshot delete {name}' first",
            )

    def add(self, entry: Entry) -> None:
        self.check_free(entry.name)
        self._entries[entry.name] = entry
        if entry.name[0] == "s" and entry.name[1:].isdecimal():
            self._last_number = max(self._last_number, int(entry.name[1:]))

    def get(self, name: str) -> Optional[Entry]:
        return self._entries.get(name)

    def newest(self, pid: Optional[int] = None) -> Optional[Entry]:
        """The newest of all, or of one process."""
        newest = None
        for entry in self:
            if pid is None or entry.pid == pid:
                newest = entry
        return newest

    def current(self, pid: int) -> Optional[Entry]:
        """The snapshot that a process was last saved as or put back to."""
        return self._entries.get(self._current.get(pid, ""))

    def set_current(self, entry: Entry) -> None:
        self._current[entry.pid] = entry.name

    def is_current(self, entry: Entry) -> bool:
        return self._current.get(entry.pid) == entry.name

    def oldest_unnamed(self, newest: Optional[Entry] = None) -> Optional[str]:
        """Which snapshot is the first to go, but not the newest."""
        for entry in self:
            if not entry.is_named and entry is not newest:
                return entry.name
        return None

    def delete(self, *doomed: str) -> list[Entry]:
        """Forget snapshots, or none if one of the names is wrong."""
        for name in doomed:
            if name not in self._entries:
                raise names.unknown(name, self.names())
        return [self._forget(name) for name in dict.fromkeys(doomed)]

    def _forget(self, name: str) -> Entry:
        entry = self._entries.pop(name)
        if self.is_current(entry):
            del self._current[entry.pid]
        return entry
