# SPDX-License-Identifier: GPL-3.0-or-later
"""For a GDB: a Ctrl-C in the middle of a phase of a command's work.

The signal is a real one, to GDB itself; only its time is chosen, by the progress that
the work reports.
"""

import os
import signal

import gdbsnapshot.core

seen = []
"""The phases that there were."""


def at(phase, percent):
    """Interrupt the next command when a phase has come that far."""
    done = []

    def listen(now, amount, total):
        if now not in seen:
            seen.append(now)
        if now == phase and total and 100 * amount >= percent * total and not done:
            done.append(now)
            os.kill(os.getpid(), signal.SIGINT)
        return True

    gdbsnapshot.core._listen = listen
