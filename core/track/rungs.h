/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACK_RUNGS_H
#define SNAP_TRACK_RUNGS_H

#include "core/track/tracker.h"

/**
 * @file
 * What every rung but the last can do; tracker.c has the table. To add one: a row
 * there, a name in enum snap_rung, and a file of its own.
 */

struct snap_rung_ops {
	const char *name;

	/**
	 * Try it in the process, and make ready for it.
	 *
	 * @param tracker As on SNAP_RUNG_CONTENTS. Untouched where the rung is not
	 *used.
	 * @param[out] ret_why A static text, part of a sentence: why it is not used.
	 *NULL: it is. Untouched on an error.
	 */
	snap_err (*start)(struct snap_tracee *tracee,
			  const struct snap_snapshot *process,
			  struct snap_tracker *tracker, const char **ret_why);

	/** Whether nobody else has meddled with the notes of the kernel. NULL: nobody
	 * can.
	 */
	snap_err (*check)(struct snap_tracker *tracker, struct snap_tracee *tracee,
			  bool *ret);

	/**
	 * Add the changed pages of a mapping, which snap_rung_knows() about.
	 *
	 * @param told As for snap_tracker_changed().
	 */
	snap_err (*changed)(struct snap_tracker *tracker, struct snap_tracee *tracee,
			    const struct snap_vma *vma,
			    const struct snap_writes_told *told,
			    struct snap_ranges *ret);

	/** @param ret_there Grows at its end, also on an error. */
	snap_err (*mark)(struct snap_tracker *tracker, struct snap_tracee *tracee,
			 const struct snap_vmas *vmas,
			 const struct snap_ranges *changed,
			 struct snap_ranges *ret_there);

	/**
	 * As snap_tracker_take(), when something is marked and nothing is in swap.
	 * NULL: one after the other.
	 *
	 * @param ret,ret_there Grow at their end, also on an error.
	 */
	snap_err (*take)(struct snap_tracker *tracker, struct snap_tracee *tracee,
			 const struct snap_vmas *vmas, const struct snap_ranges *holes,
			 struct snap_ranges *ret, struct snap_ranges *ret_there);
};

extern const struct snap_rung_ops snap_rung_userfaultfd;
extern const struct snap_rung_ops snap_rung_soft_dirty;

/**
 * Whether a rung can know of writes to a mapping. Not of shared memory, which others
 * write to through mappings of their own, and which files shrink under; not of huge
 * pages, which keep their protection when they are given back (measured, Linux 6.18).
 */
static inline bool snap_rung_knows(const struct snap_vma *vma)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	return !(vma->flags & (SNAP_VMA_HUGETLB | SNAP_VMA_UFFD)) &&
	       (contents == SNAP_CONTENTS_ZERO || contents == SNAP_CONTENTS_FILE);
}

#endif
