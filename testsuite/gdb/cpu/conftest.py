# SPDX-License-Identifier: GPL-3.0-or-later
"""Of the folders here, that of this machine's CPU has stories for it."""

import os
from pathlib import Path

HERE = Path(__file__).parent
collect_ignore = [
    folder.name
    for folder in HERE.iterdir()
    if folder.is_dir() and folder.name != os.uname().machine
]
