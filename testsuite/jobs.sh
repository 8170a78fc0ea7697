# SPDX-License-Identifier: GPL-3.0-or-later
# How many tests run at once. Sourced, never run:
# shellcheck shell=sh

# SNAPSHOT_TEST_JOBS, or one for each processor.
jobs=${SNAPSHOT_TEST_JOBS:-$(nproc 2>/dev/null || echo 1)}

# parallel PYTHON: pytest's options for it, none where pytest-xdist is not installed. Each
# test is handed out by itself: the slow ones come first (conftest.py), and nobody waits
# behind one of them.
parallel() {
	if [ "$jobs" -gt 1 ] && "$1" -c 'import xdist' 2>/dev/null; then
		echo "-n $jobs --dist=loadgroup"
	fi
}
