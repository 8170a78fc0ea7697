/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_RESTORING_H
#define SNAP_GDBEXT_RESTORING_H

#include "core/session/session.h"
#include "gdbext/module.h"

/** Sentences as a list; NULL with an exception. */
PyObject *snap_py_notes(const struct snap_notes *notes);

/** What a restore did, as a dictionary; NULL with an exception. */
PyObject *snap_py_report(const struct snap_restore_report *report);

/**
 * Who lets a thread run that starts others.
 *
 * @param callable Outlives the runner. NULL or None: the small tracer, if it has that
 *	process.
 */
struct snap_runner snap_py_runner(struct snap_py_state *state, pid_t pid,
				  PyObject *callable);

/** What it takes for the small tracer to know what has been done. Consumes the error.
 */
_must_check_ snap_err snap_py_settle_restore(struct snap_py_state *state, pid_t pid,
					     snap_err error);

#endif
