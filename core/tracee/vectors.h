/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_VECTORS_H
#define SNAP_TRACEE_VECTORS_H

#include "core/tracee/tracee.h"

/** Some memory of the process, and as many bytes of ours. */
struct snap_part {
	uint64_t start;
	void *bytes;
	size_t size;
};

/**
 * Read many parts in few calls (process_vm_readv(2)). Pages that nobody can read
 * (guards) are zeros.
 *
 * @param[out] ret_is_all false: there were such pages.
 */
_must_check_ snap_err snap_tracee_read_parts(struct snap_tracee *tracee,
					     const struct snap_part *parts, size_t nr,
					     bool *ret_is_all);

/** Write many parts in few calls, whatever the protection of the memory. */
_must_check_ snap_err snap_tracee_write_parts(struct snap_tracee *tracee,
					      const struct snap_part *parts, size_t nr);

#endif
