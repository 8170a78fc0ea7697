# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a test under GDB; if a signal stops it, keep an image of it."""

import gdb
import gdbsnapshot

gdb.execute("set pagination off")
gdb.execute("run")
if not gdb.selected_inferior().pid:
    code = gdb.convenience_variable("_exitcode")
    gdb.execute(f"quit {1 if code is None else int(code)}")

gdbsnapshot.save("crash", file="crash.image", overwrite=True)
gdb.execute("backtrace")
gdb.execute("kill")
gdb.execute("quit 99")
