/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_COMPAT_H
#define SNAP_GDBEXT_COMPAT_H

#include "core/compat/compat.h"
#include "gdbext/module.h"

/** For the format "O&": the name of a mode, into an enum snap_compat_mode. */
int snap_py_mode(PyObject *object, void *ret);

#endif
