/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_KEEP_H
#define SNAP_CAPTURE_KEEP_H

#include <stdbool.h>

#include "core/model/fills.h"

/**
 * What a capture holds: pages that are as they were in an earlier one are shared with
 * it, the others are copied. Addresses only go up.
 */
struct snap_keeper {
	struct snap_memory *memory;
	/** The earlier memory, in the same store; NULL: there is none. */
	const struct snap_memory *baseline;
	/** What the baseline holds, next. */
	struct snap_run known;
	/** To be shared: put off, as whole chunks are shared best. */
	uint64_t share_start;
	uint64_t share_end;
	/** To be copied: put off, too. */
	struct snap_fills fills;
};

/**
 * @param baseline May be NULL, or in another store: nothing is shared then. Where its
 *	bytes are still on their way, only what is said to be known is shared.
 */
void snap_keeper_init(struct snap_keeper *keeper, struct snap_memory *memory,
		      const struct snap_memory *baseline);

/**
 * Hold the pages of a piece that was read.
 *
 * @param bytes Stay there until snap_keep_copy().
 * @param drops_zeros But not zeros.
 */
_must_check_ snap_err snap_keep(struct snap_keeper *keeper, uint64_t start,
				const uint8_t *bytes, size_t size, bool drops_zeros);

/** Hold what the baseline holds from `start` to before `end`. There is a baseline. */
_must_check_ snap_err snap_keep_known(struct snap_keeper *keeper, uint64_t start,
				      uint64_t end);

/** Copy the bytes that were given: they are not needed any more. */
_must_check_ snap_err snap_keep_copy(struct snap_keeper *keeper);

/** Share what was put off. */
_must_check_ snap_err snap_keep_finish(struct snap_keeper *keeper);

#endif
