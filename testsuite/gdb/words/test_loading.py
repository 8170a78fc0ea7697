# SPDX-License-Identifier: GPL-3.0-or-later
"""Loading the extension is not noticed."""

import subprocess
import time

from gdbdriver import environment, stretched
from sessions import GDB, SCRIPT, WRAP


def run_gdb(folder, *words):
    argv = [*WRAP, GDB, "-nx", "-q", "-batch", *map(str, words)]
    began = time.monotonic()
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        timeout=stretched(60),
    )
    return done.stdout + done.stderr, time.monotonic() - began


def test_loading_prints_nothing(folder):
    said, _ = run_gdb(folder, "-x", SCRIPT)
    assert said == b""


def test_loading_takes_no_noticeable_time(folder):
    # The best of five: the machine has other things to do.
    without = min(run_gdb(folder)[1] for _ in range(5))
    loaded = min(run_gdb(folder, "-x", SCRIPT)[1] for _ in range(5))
    assert loaded - without < stretched(0.2)


def test_loading_twice_does_no_harm(folder):
    said, _ = run_gdb(folder, "-x", SCRIPT, "-x", SCRIPT, "-ex", "snapshot list")
    assert b"Traceback" not in said and b"Error" not in said


def test_nothing_is_written_beside_the_modules(folder):
    said, _ = run_gdb(folder, "-x", SCRIPT, "-ex", "help snapshot save")
    assert b"Usage" in said
    assert not list(folder.iterdir())
