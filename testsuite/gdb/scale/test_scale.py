# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that have very many of a thing."""

from pathlib import Path

import pytest
from marks import as_root, in_turns

LIMIT = Path("/proc/sys/vm/max_map_count")
ROOM = 1000


@pytest.fixture
def nr_mappings():
    """More mappings than an ELF file has numbers for, where we may have so many."""
    limit = int(LIMIT.read_text())
    if limit >= 65600 + ROOM:
        yield 65600
        return
    try:
        LIMIT.write_text(str(65600 + ROOM))
    except OSError:
        yield limit - ROOM
        return
    yield 65600
    LIMIT.write_text(str(limit))


@pytest.mark.slow
def test_very_many_mappings(rewound, target, nr_mappings):
    rewound(target("mappings"), str(nr_mappings))


@pytest.mark.slow
@pytest.mark.parametrize("how", ["keep", "change"])
def test_four_thousand_descriptors(rewound, target, how):
    rewound(target("descriptors"), how)


@pytest.mark.slow
@in_turns
@pytest.mark.parametrize("how", ["run", pytest.param("replace", marks=as_root)])
def test_five_hundred_threads(rewound, target, how):
    rewound(target("threads"), how)
