/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_STORE_H
#define SNAP_GDBEXT_STORE_H

#include "core/session/history.h"
#include "gdbext/module.h"

/** What is known of a process, in a list. */
struct snap_py_history {
	struct snap_history history;
	struct snap_py_history *next;
};

/** Forget all processes, and drop the store. */
void snap_py_store_deinit(struct snap_py_state *state);

/** The store that new snapshots go to; made now if there is none. Not owned. */
_must_check_ snap_err snap_py_store_get(struct snap_py_state *state,
					struct snap_store **ret);

/** What is known of a process; lives until there is no snapshot any more. */
_must_check_ snap_err snap_py_store_history(struct snap_py_state *state, pid_t pid,
					    struct snap_history **ret);

/** A snapshot is about to go; it is not in the list of snapshots any more. */
void snap_py_store_leave(struct snap_py_state *state,
			 const struct snap_snapshot *snapshot);

#endif
