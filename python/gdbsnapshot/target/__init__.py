# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door to GDB: what it has, what it shows, what it must be told.

process      the process that GDB debugs, or why it cannot be snapshot
breakpoints  where they are, and their bytes in memory
place        what is selected and shown, to be brought back
threads      stop signals and the zero-progress stop
crew         threads that a restore starts and ends
farewell     what is left of us goes when GDB leaves a process
landing      what GDB must learn after a restore
screen       width, colours, and how far the work has come
"""
