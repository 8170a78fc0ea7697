/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_SCRATCH_H
#define SNAP_INJECT_SCRATCH_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/** The most that can be borrowed. */
#define SNAP_SCRATCH_SIZE 64

/** Some bytes of the process's memory, borrowed. */
struct snap_scratch {
	/** NULL: nothing to give back. */
	struct snap_tracee *tracee;
	uint64_t address;
	uint8_t saved[SNAP_SCRATCH_SIZE];
};

/**
 * Borrow SNAP_SCRATCH_SIZE bytes that exist already, so that no page is made: where
 * that can be, below the red zone of a thread's stack, where nothing of the program's
 * lies.
 *
 * Only `vmas` and `threads` with their registers are used of the snapshot.
 * SNAP_ERROR_UNSUPPORTED when there is no such memory.
 */
_must_check_ snap_err snap_scratch_init(struct snap_scratch *scratch,
					struct snap_tracee *tracee,
					const struct snap_snapshot *process);

/** Put the bytes back. May be called again when it failed. */
_must_check_ snap_err snap_scratch_return(struct snap_scratch *scratch);

/** Put them back if that has not been done. */
void snap_scratch_deinit(struct snap_scratch *scratch);
#define _cleanup_scratch_ _cleanup_(snap_scratch_deinit)

#endif
