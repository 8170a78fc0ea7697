"""Marks that stories of several groups have."""

import os

import pytest
from sessions import WRAP

as_root = pytest.mark.skipif(
    os.geteuid() != 0 or "setpriv" in WRAP,
    reason="only root may choose the number of a thread",
)
"""For stories where threads that have ended come back."""

in_turns = pytest.mark.xdist_group("threads")
"""For stories that use up numbers of threads: one after the other."""
