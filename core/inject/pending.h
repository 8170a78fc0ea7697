/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_PENDING_H
#define SNAP_INJECT_PENDING_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/** All queues of pending signals of a process. */
struct snap_queues {
	struct snap_pending shared;
	/** One for each thread of the image, in its order. Owned. */
	struct snap_pending *threads;
	size_t nr_threads;
};

void snap_queues_deinit(struct snap_queues *queues);
#define _cleanup_queues_ _cleanup_(snap_queues_deinit)

/**
 * Send the SIGSTOPs that are pending in an image: from outside, and last of all,
 * because a thread that runs with one pending stops at once.
 */
_must_check_ snap_err snap_queue_stops(struct snap_tracee *tracee,
				       const struct snap_snapshot *image);

#endif
