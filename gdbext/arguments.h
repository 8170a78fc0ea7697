/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_ARGUMENTS_H
#define SNAP_GDBEXT_ARGUMENTS_H

#include "core/session/session.h"
#include "gdbext/module.h"
#include "gdbext/progress.h"

/** A function with keywords, in a table of methods. */
#define SNAP_PY_KEYWORDS(function) ((PyCFunction)(void (*)(void))(function))

/** For the format "O&": an int from 0 to 2^64-1, into a uint64_t. */
int snap_py_uint64(PyObject *object, void *ret);

/** The one argument of many functions. @return -1 with an exception. */
int snap_py_parse_pid(PyObject *args, PyObject *keywords, pid_t *ret);

/** What Python says of the process that a verb works on. Zero-initialise. */
struct snap_py_request {
	/** Refers to the members below. */
	struct snap_target target;
	struct snap_py_progress progress;
	struct snap_patch *patches;
};

void snap_py_request_deinit(struct snap_py_request *request);
#define _cleanup_request_ _cleanup_(snap_py_request_deinit)

/**
 * Fill the target from arguments.
 *
 * @param patches A sequence of (address, bytes), in any order; NULL: none.
 * @param progress A callable or None; not owned; NULL: none.
 * @param shared_memory Whether shared memory is saved and rewound.
 * @return -1 with an exception.
 */
int snap_py_request_init(struct snap_py_request *request, struct snap_py_state *state,
			 pid_t pid, pid_t current_tid, PyObject *patches,
			 PyObject *progress, int shared_memory, uint64_t fail_at);

#endif
