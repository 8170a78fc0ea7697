/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_MEMORY_H
#define SNAP_UNWIND_MEMORY_H

#include <stdbool.h>

#include "core/unwind/files.h"

/**
 * Read memory as it was: what the snapshot holds, else what stands behind the mapping.
 *
 * @return false when a byte is not known; *ret is then undefined.
 */
bool snap_unwind_read(const struct snap_snapshot *snapshot, struct snap_files *files,
		      uint64_t address, void *ret, size_t size);

/** Read an address-sized number in the byte order of the snapshot's CPU. */
bool snap_unwind_read_word(const struct snap_snapshot *snapshot,
			   struct snap_files *files, uint64_t address, uint64_t *ret);

#endif
