/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_RESTORE_H
#define SNAP_INJECT_RESTORE_H

#include "core/base/notes.h"
#include "core/base/progress.h"
#include "core/capture/rseq.h"
#include "core/plan/plan.h"
#include "core/tracee/tracee.h"
#include "core/track/tracker.h"

struct snap_restore_counts {
	uint64_t bytes_compared;
	uint64_t bytes_written;
	/** Threads; the others had not moved. */
	size_t nr_landed;
	/** Set also on error: it is as the snapshot says, but for what is told. */
	bool is_committed;
	/** With a past: the pages that were compared. */
	struct snap_ranges candidates;
	/**
	 * The tracker was marked when memory had been verified; of pages that had
	 * changed by then, those that snap_tracker_mark() tells of.
	 */
	bool is_marked;
	struct snap_ranges there;
};

static inline void snap_restore_counts_deinit(struct snap_restore_counts *counts)
{
	snap_ranges_deinit(&counts->candidates);
	snap_ranges_deinit(&counts->there);
}

#define _cleanup_counts_ _cleanup_(snap_restore_counts_deinit)

/**
 * What is known of the live process's memory: it was `baseline`, but for the pages that
 * are `unsure`, when `tracker` was marked. None is owned.
 */
struct snap_past {
	struct snap_tracker *tracker;
	const struct snap_memory *baseline;
	const struct snap_ranges *unsure;
};

/** The room that system calls and the frames of a snapshot's threads need. */
_must_check_ snap_err snap_restore_room(const struct snap_cpu *cpu,
					const struct snap_snapshot *image,
					size_t page_size, size_t *ret);

/**
 * Execute a plan. All of it is done, or what was done is undone and the process is as
 * it was; SNAP_ERROR_UNDO when even that failed.
 *
 * Steps in advance have been done before (inject/start.h).
 *
 * @param past NULL: all memory is compared. On an error its tracker may have been
 *	marked, or not: snap_tracker_forget() it.
 * @param skips Bytes that are not the program's; sorted.
 * @param verifies_memory Read all memory back, too.
 * @param notes Grows by what the user is to be told.
 */
_must_check_ snap_err snap_restore_execute(
	struct snap_tracee *tracee, const struct snap_plan *plan,
	const struct snap_past *past, const struct snap_range *skips, size_t nr_skips,
	bool verifies_memory, const struct snap_progress *progress,
	struct snap_notes *notes, struct snap_restore_counts *ret);

#endif
