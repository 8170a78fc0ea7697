# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the GDB stories: see README.md."""

import stat
from pathlib import Path
from typing import Callable, Iterator

import pytest
from sessions import BUILD, HERE, WRAP, LazyGdb, Sessions

Target = Callable[[str], Path]


def open_for_others(folder: Path) -> None:
    """Let the other user, as whom SNAPSHOT_TEST_WRAP may run GDB, work there."""
    folder.chmod(0o777)
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if parent.owner() == folder.owner() and not mode & stat.S_IXOTH:
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH | stat.S_IROTH)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the story's own, where GDB and the program run."""
    if WRAP:
        open_for_others(tmp_path)
    return tmp_path


@pytest.fixture
def sessions(request: pytest.FixtureRequest, folder: Path) -> Iterator[Sessions]:
    """Makes as many debuggers as a story needs."""
    made = Sessions(folder)
    request.node.sessions = made
    yield made
    made.close()


@pytest.fixture
def gdb(sessions: Sessions) -> LazyGdb:
    """A GDB that has the extension loaded."""
    return LazyGdb(sessions)


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    """Finds a target program by its stem, in the story's group first."""
    group = request.path.parent.relative_to(HERE)
    root = BUILD / "testsuite" / "gdb"

    def find(stem: str) -> Path:
        near = root / group / f"{stem}.story"
        if near.exists():
            return near
        found = sorted(root.rglob(f"{stem}.story"))
        assert found, f"no target program {stem}: run make check once"
        return found[0]

    return find


def pytest_itemcollected(item: pytest.Item) -> None:
    """-k chooses stories by their folders, too, as pytest before 8 did by itself."""
    item.extra_keyword_matches.add(str(item.path.relative_to(HERE)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow stories first: then several processes end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Iterator[None]:
    """Add the transcript and the replay command to the report of a failed story."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    sessions = getattr(item, "sessions", None)
    if report.failed and sessions is not None:
        report.sections += sessions.report()
