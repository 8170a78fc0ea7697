/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_ERROR_H
#define SNAP_GDBEXT_ERROR_H

#include "gdbext/module.h"

/** Make the class Error and one for each kind of error, into the state and the module.
 */
int snap_py_errors_add(PyObject *module, struct snap_py_state *state);

/**
 * Raise an error of the core. Consumes it.
 *
 * When it says "interrupted" because a callback raised, the callback's exception is the
 * one that goes on; it becomes the context of any other error.
 *
 * @return NULL.
 */
PyObject *snap_py_raise(struct snap_py_state *state, snap_err error);

/** None, or NULL with the error raised. Consumes it. */
PyObject *snap_py_none(struct snap_py_state *state, snap_err error);

#endif
