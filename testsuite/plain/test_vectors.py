# SPDX-License-Identifier: GPL-3.0-or-later
"""aarch64: vectors of any length come back, in many cycles, without a debugger."""

import os
import platform
import signal
from types import ModuleType

import pytest
from conftest import Spawn, stop_at

CYCLES = int(os.environ.get("SNAPSHOT_TEST_CYCLES", "10"))
USR1 = signal.SIGUSR1

pytestmark = pytest.mark.skipif(
    platform.machine() != "aarch64", reason="these are registers of aarch64"
)


@pytest.mark.restores
@pytest.mark.parametrize("length", [0, 16, 32, 64])
def test_no_vector_is_lost_in_many_cycles(
    snap: ModuleType, spawn: Spawn, length: int
) -> None:
    # GIVEN four threads with values of their own in all registers, whose vectors have
    # so many bytes (0: as many as a thread begins with)
    words = (str(CYCLES + 4), str(length), str(int(USR1)))
    pid = spawn("../gdb/registers/vectors", *words)
    if snap.run_until(pid, [USR1]) == 77:
        pytest.skip(f"the CPU has no vectors of {length} bytes")
    for _ in range(CYCLES):
        # WHEN they are saved, have other values in all of them, and are rewound
        snapshot = snap.capture(pid)
        stop_at(snap, pid, USR1)
        stop_at(snap, pid, USR1)
        snap.restore(pid, snapshot)

        # THEN no thread finds a difference on its way to the next round
        stop_at(snap, pid, USR1)
    for _ in range(3):
        stop_at(snap, pid, USR1)
    assert snap.run_until(pid, []) == 0
