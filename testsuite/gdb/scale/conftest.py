# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that builds much, checks it, changes a little of it, and ends."""

from pathlib import Path
from typing import Callable

import pytest
from sessions import LazyGdb

Rewound = Callable[..., None]


@pytest.fixture
def rewound(gdb: LazyGdb) -> Rewound:
    """Rewinds a program from changed() to ready(), twice, and lets it end."""

    def run(program: Path, arguments: str) -> None:
        gdb.load(program).begin("ready", arguments=arguments)
        gdb("snapshot save")
        for _ in range(2):
            gdb.go(until="changed")
            gdb("snapshot restore")
        assert gdb.finish_program() == 0

    return run
