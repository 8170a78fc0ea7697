/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_STATE_H
#define SNAP_GDBEXT_STATE_H

#include "gdbext/describe.h"

/**
 * @file
 * Snapshot.state(): what a snapshot has beside registers and memory, by family. A
 * family is a function in a file of its own and a row of a table in state.c; the class
 * State of python/stubs/_snapshot.pyi has its type.
 */

/** A new reference: a dict with a key for each family, and "threads". */
PyObject *snap_py_snapshot_state(const struct snap_snapshot *snapshot);

/** Put a value under a key, taking it over; -1 with an exception. */
int snap_py_put(PyObject *dict, const char *key, PyObject *taken);

/** Each is a new reference, or NULL with an exception. */
PyObject *snap_py_process_state(const struct snap_snapshot *snapshot);
PyObject *snap_py_process_thread_state(const struct snap_thread *thread);
PyObject *snap_py_signals_state(const struct snap_snapshot *snapshot);
PyObject *snap_py_signals_thread_state(const struct snap_thread *thread);
PyObject *snap_py_timers_state(const struct snap_snapshot *snapshot);

#endif
