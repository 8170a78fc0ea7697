/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_BULK_H
#define SNAP_TRACEE_BULK_H

#include "core/base/progress.h"
#include "core/tracee/vectors.h"

/**
 * Much memory of a stopped process, and bytes of ours: threads of ours go over it
 * together. { 0 } is none.
 */
struct snap_bulk {
	/** At most SNAP_RUN_MAX each. */
	struct snap_part *parts;
	size_t nr;
	uint64_t size;
};

void snap_bulk_deinit(struct snap_bulk *bulk);
#define _cleanup_bulk_ _cleanup_(snap_bulk_deinit)

/** @param bytes Not owned. */
_must_check_ snap_err snap_bulk_add(struct snap_bulk *bulk, uint64_t start,
				    const uint8_t *bytes, uint64_t size);

/**
 * Write a part to memory that holds zeros, in as few calls as can be: pages of zeros
 * are left as they are. For any thread; no ptrace call.
 *
 * @param[in,out] bytes_written Grows by what was written.
 * @return false: not all of it was, and some may have been.
 */
bool snap_bulk_put(const struct snap_tracee *tracee, const struct snap_part *part,
		   uint64_t *bytes_written);

/**
 * Write to memory that holds zeros: pages of zeros are left as they are.
 *
 * @param[in,out] bytes_written Grows by what was written.
 */
_must_check_ snap_err snap_bulk_fill(const struct snap_bulk *bulk,
				     struct snap_tracee *tracee,
				     const struct snap_progress *progress,
				     const char *phase, uint64_t *bytes_written);

/**
 * Compare.
 *
 * @param[out] ret_differ A byte for each part: 1 where a byte is another one, or cannot
 *	be read in this way; bulk->nr bytes of the caller.
 */
_must_check_ snap_err snap_bulk_compare(const struct snap_bulk *bulk,
					struct snap_tracee *tracee,
					const struct snap_progress *progress,
					const char *phase, uint8_t *ret_differ);

#endif
