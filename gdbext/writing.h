/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_WRITING_H
#define SNAP_GDBEXT_WRITING_H

#include "core/image/writing.h"
#include "gdbext/module.h"

/** Make the class Writing, into the state and the module. */
int snap_py_writing_add(PyObject *module, struct snap_py_state *state);

/** A new object of class Writing. Takes it over, also on failure. */
PyObject *snap_py_writing_create(struct snap_py_state *state,
				 struct snap_writing *writing);

#endif
