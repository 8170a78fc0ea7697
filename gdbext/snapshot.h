/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_SNAPSHOT_H
#define SNAP_GDBEXT_SNAPSHOT_H

#include "core/model/snapshot.h"
#include "gdbext/module.h"

/** An object of class Snapshot, in a list from the newest to the oldest. */
struct snap_py_snapshot {
	PyObject_HEAD struct snap_snapshot *snapshot;
	struct snap_py_snapshot *newer;
	struct snap_py_snapshot *older;
};

/** Make the class Snapshot, into the state and the module. */
int snap_py_snapshot_add(PyObject *module, struct snap_py_state *state);

/** A new object of class Snapshot. Takes the snapshot over, also on failure. */
PyObject *snap_py_snapshot_create(struct snap_py_state *state,
				  struct snap_snapshot *snapshot);

/** What an object of class Snapshot holds. Never NULL; lives as long as the object. */
struct snap_snapshot *snap_py_snapshot_get(PyObject *object);

/**
 * Wait until the memory of a snapshot has been copied: to be called before any of it is
 * looked at.
 *
 * @param progress A callable, None or NULL; it can end the waiting.
 */
_must_check_ snap_err snap_py_snapshot_settle(PyObject *object, PyObject *progress);

#endif
