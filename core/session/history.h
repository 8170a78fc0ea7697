/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_HISTORY_H
#define SNAP_SESSION_HISTORY_H

#include "core/model/snapshot.h"
#include "core/track/tracker.h"

/**
 * What is known of a live process between two verbs. It belongs to one process; used
 * with another one, it begins anew.
 */
struct snap_history {
	/** Where the pages of snapshots go. A reference; never NULL. */
	struct snap_store *store;
	/** Whose history it is; 0: nobody's yet. */
	pid_t pid;
	uint64_t start_time;
	/** The last memory that was captured, or put back. */
	struct snap_memory baseline;
	/** The ways to track that are wanted, the user's choice: a set of rungs. */
	unsigned int rungs;
	/** Knows what has changed since the baseline, if it is marked. */
	struct snap_tracker tracker;
	/**
	 * Pages that had bytes of a debugger or of the kernel when it was marked, or
	 * got them in the snapshot: they need not be as in the baseline.
	 */
	struct snap_ranges unsure;
	/** The tracker was started, on whatever rung. */
	bool is_tracking;
};

/** @param store Gets a reference. */
void snap_history_init(struct snap_history *history, struct snap_store *store);
void snap_history_deinit(struct snap_history *history);

/** Know nothing any more. */
void snap_history_forget(struct snap_history *history);

/**
 * Take the tracking off the process. What its memory was stays known, for what is
 * saved next to share.
 */
void snap_history_let_go(struct snap_history *history);

/** Whether it is the history of this process. */
bool snap_history_is_of(const struct snap_history *history,
			const struct snap_identity *identity);

/** Forget all, if it is the history of another process than this one. */
void snap_history_meet(struct snap_history *history,
		       const struct snap_identity *identity);

/**
 * Take a tracker off that does not fit the process any more, after snap_history_meet().
 *
 * @param process The live process, but for its memory.
 */
_must_check_ snap_err snap_history_check(struct snap_history *history,
					 struct snap_tracee *tracee,
					 const struct snap_snapshot *process);

/**
 * Have a tracker that fits the process, after snap_history_meet(). Nothing is marked if
 * it is a new one.
 *
 * @param process The live process, but for its memory.
 */
_must_check_ snap_err snap_history_track(struct snap_history *history,
					 struct snap_tracee *tracee,
					 const struct snap_snapshot *process);

/**
 * Note where bytes that are not the program's lie now.
 *
 * @param skips Sorted.
 */
_must_check_ snap_err snap_history_doubt(struct snap_history *history,
					 const struct snap_tracee *tracee,
					 const struct snap_range *skips, size_t nr);

/** Whether the tracker knows all that has changed since the baseline. */
bool snap_history_is_known(const struct snap_history *history);

/** The process's memory is now what a snapshot holds. */
void snap_history_set(struct snap_history *history,
		      const struct snap_snapshot *snapshot);

/**
 * A snapshot is about to go: keep none of its pages on its behalf.
 *
 * @param other Another snapshot of this process, in the same store, to go on from; what
 *	the tracker knows holds for it, too. NULL: there is none, and the process is not
 *	watched any more.
 */
void snap_history_leave(struct snap_history *history,
			const struct snap_snapshot *snapshot,
			const struct snap_snapshot *other);

#endif
