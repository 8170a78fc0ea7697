/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_TRACKING_H
#define SNAP_GDBEXT_TRACKING_H

#include "gdbext/module.h"

/**
 * How changed pages of a process are found: None while nothing is known of it. The type
 * is Tracking of python/stubs/_snapshot.pyi.
 *
 * @param identity The process; one that has its number, but is another, is unknown.
 */
PyObject *snap_py_tracking(const struct snap_py_state *state,
			   const struct snap_identity *identity);

/** Take the tracking off a process. */
void snap_py_let_go(struct snap_py_state *state, pid_t pid);

#endif
