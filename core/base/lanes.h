/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_LANES_H
#define SNAP_BASE_LANES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/progress.h"

/** The most threads that share work: memory is not faster for more. */
#define SNAP_LANES_MAX 4

/** What a lane has to do, and may use. */
struct snap_lane {
	/** Below SNAP_LANES_MAX: nobody else has it at the same time. */
	size_t number;
	/** Of the piece: 0 and on. They are taken in this order. */
	size_t index;
};

/**
 * Work in pieces, which the calling thread and some of ours take one after another: as
 * many as there are processors. Zero-initialise, and set what comes first.
 */
struct snap_lanes {
	/**
	 * Do a piece. For any thread, while others do theirs; no ptrace call.
	 *
	 * @param[in,out] done Grows by what has been done, in the unit of `total`.
	 */
	snap_err (*step)(void *context, const struct snap_lane *lane, uint64_t *done);
	void *context;
	size_t nr_pieces;
	/** Told by the calling thread alone, between its pieces. May be NULL. */
	const struct snap_progress *progress;
	const char *phase;
	uint64_t total;

	/** The rest is for the lanes. */
	_Atomic size_t next;
	_Atomic uint64_t done;
	atomic_bool has_failed;
	/** The first; to be looked at when all have ended. */
	snap_err error;
};

/**
 * Do all pieces. The first error is returned, when every thread has ended its piece;
 * the pieces behind it may not have been begun.
 *
 * @param most How many threads at most, this one included; the work may be too little
 *	for more than one.
 */
_must_check_ snap_err snap_lanes_run(struct snap_lanes *lanes, size_t most);

#endif
