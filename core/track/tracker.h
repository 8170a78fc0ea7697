/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACK_TRACKER_H
#define SNAP_TRACK_TRACKER_H

#include <stdbool.h>

#include "core/model/ranges.h"
#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * Which pages of a process may have changed since a moment: doc/changed-pages.md.
 *
 * The answer may name pages that did not change. It never leaves one out that did.
 */

/** The ways to know, best first. Each is tried in the process before it is trusted. */
enum snap_rung {
	/** A userfaultfd of ours, with asynchronous write protection (Linux 6.7). */
	SNAP_RUNG_USERFAULTFD,
	/** /proc/PID/clear_refs, and a bit for each page. */
	SNAP_RUNG_SOFT_DIRTY,
	/** Nothing is known: contents have to be compared. */
	SNAP_RUNG_CONTENTS,
	SNAP_NR_RUNGS,
};

/** A set of rungs, and all of them. */
#define SNAP_RUNG_BIT(rung) (1u << (rung))
#define SNAP_RUNGS_ALL      (SNAP_RUNG_BIT(SNAP_NR_RUNGS) - 1)

/** What a user calls a rung: "userfaultfd", "soft-dirty", "contents". */
const char *snap_rung_name(enum snap_rung rung);

/** What is known of one process. */
struct snap_tracker {
	enum snap_rung rung;
	/**
	 * Of each better rung, why it is not used: a part of a sentence, owned. NULL
	 * for the others.
	 */
	char *why_not[SNAP_NR_RUNGS];
	/** There was a snap_tracker_mark(), and all writes since are known. */
	bool is_marked;
	/** SNAP_RUNG_USERFAULTFD: ours, taken from the process; -1 on other rungs. */
	int uffd;
	/** The quick way to ask is not to be trusted on this kernel. */
	bool is_careful;
	/** Pages stay protected when they are moved to a mapping that is not watched
	 * (before Linux 6.13). */
	bool keeps_protection;
	/** SNAP_RUNG_SOFT_DIRTY: a page that was written to after the mark. */
	uint64_t canary;
	/** It tells pages that others share, as those of a twin, from the process's own
	 * by their being mapped once: while there is a twin, all count as changed. */
	bool is_blind_to_shared;
};

/**
 * Choose the best rung that can be trusted, and make ready for it. Nothing is marked.
 *
 * The process may make a few system calls for this that leave no trace. An error is one
 * of these that failed: a rung that cannot be used is none.
 *
 * @param process The live process: its vmas, its threads with their registers.
 * @param wanted A set of rungs; the last one is always wanted.
 * @param ret snap_tracker_deinit(). On an error untouched.
 */
_must_check_ snap_err snap_tracker_start(struct snap_tracee *tracee,
					 const struct snap_snapshot *process,
					 unsigned int wanted, struct snap_tracker *ret);

/** Forget all, and take everything off the process that was put there. */
void snap_tracker_deinit(struct snap_tracker *tracker);
#define _cleanup_tracker_ _cleanup_(snap_tracker_deinit)

/** Let a tracee know what is ours in the process; before its mappings are read. */
static inline void snap_tracker_use(const struct snap_tracker *tracker,
				    struct snap_tracee *tracee)
{
	tracee->uffd = tracker->uffd;
	tracee->trusts_writes =
		tracker->uffd >= 0 && tracker->is_marked && !tracker->is_careful;
}

/**
 * Whether the rung is still the right one for a process: with what it has opened and
 * mapped since, no write can be missed, nor is the tracker in its way. If not (also
 * after an exec), snap_tracker_deinit() it and start anew.
 */
_must_check_ snap_err snap_tracker_is_fit(const struct snap_tracker *tracker,
					  struct snap_tracee *tracee,
					  const struct snap_snapshot *process,
					  bool *ret);

/**
 * Find the pages that may have changed since the mark: written to by whomever, made,
 * given back to the kernel, or in mappings that were made, moved or shared. A mapping
 *of which nothing is known is in the list as a whole, and so are all when nothing is
 * marked. Where no page is, there may be a range, too: nothing is there to be read.
 *
 * @param vmas The mappings of now, as read while the process was stopped, or as a
 *	restore has just made them. What lies outside of them is not told of.
 * @param told What was asked when they were read, in place of asking again: what was
 *	written since is then not in the list. NULL: nothing was.
 * @param ret Empty; whole pages within the mappings. On an error untouched.
 */
_must_check_ snap_err snap_tracker_changed(struct snap_tracker *tracker,
					   struct snap_tracee *tracee,
					   const struct snap_vmas *vmas,
					   const struct snap_writes_told *told,
					   struct snap_ranges *ret);

/**
 * Begin anew: what snap_tracker_changed() tells afterwards has changed since now. Makes
 * no system call in the process. On an error nothing is marked.
 *
 * @param vmas As for snap_tracker_changed().
 * @param changed What that has told just now. On SNAP_RUNG_USERFAULTFD what was written
 *	since counts as changed afterwards, too, if it is not in `ret_there`.
 * @param ret_there Empty; pages that exist, some of `changed` and, maybe, some that
 *	were written to since. On an error untouched.
 */
_must_check_ snap_err snap_tracker_mark(struct snap_tracker *tracker,
					struct snap_tracee *tracee,
					const struct snap_vmas *vmas,
					const struct snap_ranges *changed,
					struct snap_ranges *ret_there);

/**
 * snap_tracker_changed() and snap_tracker_mark() in one: with one look at memory where
 * that can be. On an error it may be marked, or not: snap_tracker_forget() it.
 *
 * @param holes Where pages may not exist, of those that are not as they were at the
 *	mark: all others exist.
 * @param ret Empty; as of snap_tracker_changed().
 * @param ret_there Empty; as of snap_tracker_mark().
 */
_must_check_ snap_err snap_tracker_take(struct snap_tracker *tracker,
					struct snap_tracee *tracee,
					const struct snap_vmas *vmas,
					const struct snap_ranges *holes,
					struct snap_ranges *ret,
					struct snap_ranges *ret_there);

/** Nothing is known any more, until the next mark. */
static inline void snap_tracker_forget(struct snap_tracker *tracker)
{
	tracker->is_marked = false;
}

#endif
