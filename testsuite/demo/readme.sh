#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The transcript in the README is what GDB says today.
session=${srcdir:?}/testsuite/demo/session.py
exec "$PYTHON3" "$session" --gdb "$GDB" --check "$srcdir/README.md"
