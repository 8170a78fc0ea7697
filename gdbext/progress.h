/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_PROGRESS_H
#define SNAP_GDBEXT_PROGRESS_H

#include "core/base/progress.h"
#include "gdbext/module.h"

/** Passes reports on to a Python callable, and lets Control-C through on the way. */
struct snap_py_progress {
	/** Not owned; NULL or None: nobody is told. */
	PyObject *callable;
	/** CLOCK_MONOTONIC, when Python was last asked about signals. */
	uint64_t checked_ns;
};

/** What the core takes. It refers to `progress`. */
struct snap_progress snap_py_progress(struct snap_py_progress *progress);

#endif
