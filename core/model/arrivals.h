/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_ARRIVALS_H
#define SNAP_MODEL_ARRIVALS_H

#include <stddef.h>

#include "core/base/progress.h"

/**
 * @file
 * Contents that are still on their way: bytes of slots that a thread of ours is about
 * to fill. All is for one thread, but what is said to be for any.
 */

struct snap_arrival;

struct snap_arrival_ops {
	/**
	 * Wait until all bytes are there.
	 *
	 * SNAP_ERROR_INTERRUPTED: they still come. Any other error stays, and is
	 * returned each time.
	 */
	snap_err (*wait)(struct snap_arrival *arrival,
			 const struct snap_progress *progress);
	/** Whether wait() would return at once. For any thread. */
	bool (*is_over)(struct snap_arrival *arrival);
	/** Wait a twentieth of a second at most; whether it is over. For any thread. */
	bool (*wait_a_little)(struct snap_arrival *arrival);
	/** What wait() would return; it is over. For any thread. */
	snap_err (*get_result)(const struct snap_arrival *arrival);
	/** Nobody waits for it any more. */
	void (*destroy)(struct snap_arrival *arrival);
};

/** The first member of what does the work. */
struct snap_arrival {
	const struct snap_arrival_ops *ops;
	size_t refs;
};

static inline void snap_arrival_unref(struct snap_arrival *arrival)
{
	if (arrival && !--arrival->refs)
		arrival->ops->destroy(arrival);
}

/** A list of those that a memory waits for; NULL: none. Others may have it, too. */
struct snap_arrivals {
	size_t refs;
	struct snap_arrival *arrival;
	struct snap_arrivals *others;
};

static inline struct snap_arrivals *snap_arrivals_ref(struct snap_arrivals *arrivals)
{
	if (arrivals)
		arrivals->refs++;
	return arrivals;
}

/** Takes NULL. */
void snap_arrivals_unref(struct snap_arrivals *arrivals);

/** Wait for one more. */
_must_check_ snap_err snap_arrivals_add(struct snap_arrivals **arrivals,
					struct snap_arrival *arrival);

/** Wait for those that others wait for, too. */
_must_check_ snap_err snap_arrivals_add_all(struct snap_arrivals **to,
					    struct snap_arrivals *from);

/** Wait now for all. See snap_arrival_ops. */
_must_check_ snap_err snap_arrivals_wait(const struct snap_arrivals *arrivals,
					 const struct snap_progress *progress);

/**
 * Wait for all in a thread that is not the one of the store; it holds a reference.
 *
 * @param is_cancelled Asked in the meantime: true ends the waiting with
 *	SNAP_ERROR_INTERRUPTED.
 */
_must_check_ snap_err snap_arrivals_wait_aside(const struct snap_arrivals *arrivals,
					       bool (*is_cancelled)(void *context),
					       void *context);

/** Whether snap_arrivals_wait() would have to wait. */
bool snap_arrivals_are_coming(const struct snap_arrivals *arrivals);

#endif
