/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_READ_H
#define SNAP_GDBEXT_READ_H

#include "core/model/snapshot.h"

/** Whether all of a stretch of memory was mapped: asked before room is made for it. */
_must_check_ snap_err snap_py_check_mapped(const struct snap_snapshot *snapshot,
					   uint64_t address, uint64_t size);

/**
 * Memory as it was. Where a snapshot holds no page of anonymous memory, it was zero;
 * where it holds no page of a file, that is SNAP_ERROR_INVALID: no file is looked at.
 *
 * @param[out] ret `size` bytes, all of them mapped. On error some of them are written.
 */
_must_check_ snap_err snap_py_read(const struct snap_snapshot *snapshot,
				   uint64_t address, uint64_t size, uint8_t *ret);

#endif
