# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories about the rest of a process share."""

import os

import pytest
from sessions import WRAP


@pytest.fixture
def as_root():
    """Skip where the debugger has not root's powers."""
    if os.geteuid() != 0 or WRAP:
        pytest.skip("it needs the powers of root")
