/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_MODULE_H
#define SNAP_GDBEXT_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

#include "core/base/error.h"
#include "core/session/known.h"
#include "core/track/tracker.h"

/** What the module holds, in the place of globals. */
struct snap_py_state {
	/** The class Error, and its subclasses by enum snap_error_kind. */
	PyObject *error;
	PyObject *errors[SNAP_NR_ERROR_KINDS];
	/** The class Snapshot. */
	PyTypeObject *snapshot_type;
	/** The class Writing. */
	PyTypeObject *writing_type;
	/** By pid: capsules of struct snap_tracer, for what spawn() and attach() took.
	 */
	PyObject *tracers;
	/** What verbs need not find out again. */
	struct snap_known known;
	/** Where snapshots go, and what is known of processes: gdbext/store.h. */
	struct snap_store *store;
	struct snap_py_history *histories;
	/** set_tracking(): a set of rungs. */
	unsigned int rungs;
	/** The newest of all objects of class Snapshot; not owned. */
	struct snap_py_snapshot *newest;
	/** last_call_count() */
	uint64_t nr_calls;
};

/** @param module What a module's function gets as self. */
struct snap_py_state *snap_py_state(PyObject *module);

/** Drop a reference at the end of the scope. */
static inline void snap_py_decref_cleanup(void *object)
{
	Py_XDECREF(*(PyObject **)object);
}

#define _cleanup_pydecref_ _cleanup_(snap_py_decref_cleanup)

/** Functions of the module, each table beside its functions; they end with { 0 }. */
extern const PyMethodDef snap_py_verbs[];
extern const PyMethodDef snap_py_tracer_functions[];
extern const PyMethodDef snap_py_digest_functions[];
extern const PyMethodDef snap_py_diff_functions[];
extern const PyMethodDef snap_py_compat_functions[];
extern const PyMethodDef snap_py_land_functions[];
extern const PyMethodDef snap_py_life_functions[];
extern const PyMethodDef snap_py_stops_functions[];
extern const PyMethodDef snap_py_store_functions[];
extern const PyMethodDef snap_py_tracking_functions[];

#endif
