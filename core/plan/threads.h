/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_THREADS_H
#define SNAP_PLAN_THREADS_H

#include "core/plan/plan.h"

/*
 * A thread is its number: all that the kernel holds for it is put back by a restore, so
 * one that has ended and one that has its number now are the same to us.
 */

/**
 * The live process as it will be when the threads that have ended since were started
 * again: behind the others, with the registrations that a new thread has, none. It
 * borrows everything from `live`.
 *
 * @param[out] ret Owned by the caller: snap_foreseen_destroy(). NULL: none has ended.
 */
_must_check_ snap_err snap_foresee_threads(const struct snap_snapshot *image,
					   const struct snap_snapshot *live,
					   struct snap_snapshot **ret);
void snap_foreseen_destroy(struct snap_snapshot *foreseen);

static inline void snap_foreseen_cleanup(struct snap_snapshot **foreseen)
{
	snap_foreseen_destroy(*foreseen);
}

#define _cleanup_foreseen_ _cleanup_(snap_foreseen_cleanup)

/** Add the steps that start and end threads, and that change what they registered. */
_must_check_ snap_err snap_plan_threads(struct snap_plan *plan);

#endif
