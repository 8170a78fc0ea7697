/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_DESCRIBE_H
#define SNAP_GDBEXT_DESCRIBE_H

#include "arch/arch.h"
#include "core/model/snapshot.h"
#include "core/unwind/unwind.h"
#include "gdbext/module.h"

/**
 * @file
 * Parts of the model as Python's own objects; python/stubs/_snapshot.pyi has their
 * types. Each returns a new reference, or NULL with an exception.
 */

/** Text of unknown encoding, as Python decodes the names of files. NULL gives None. */
PyObject *snap_py_text(const char *text);

/** A build-id in hexadecimal; None when its size is 0. */
PyObject *snap_py_build_id(const uint8_t *build_id, size_t size);

PyObject *snap_py_uuid(const uint8_t uuid[SNAP_UUID_SIZE]);
PyObject *snap_py_cpu(const struct snap_cpu *cpu);
PyObject *snap_py_threads(const struct snap_snapshot *snapshot);
PyObject *snap_py_mappings(const struct snap_snapshot *snapshot);

/** @param value desc->size bytes. */
PyObject *snap_py_register(const struct snap_register_desc *desc, const uint8_t *value,
			   size_t size);

PyObject *snap_py_registers(const struct snap_snapshot *snapshot,
			    const struct snap_thread *thread);
/** The descriptors; None where they were not captured. */
PyObject *snap_py_files_state(const struct snap_snapshot *snapshot);
PyObject *snap_py_backtrace(const struct snap_backtrace *backtrace);

#endif
