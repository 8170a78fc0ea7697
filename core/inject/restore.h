#ifndef SNAP_INJECT_RESTORE_H
#define SNAP_INJECT_RESTORE_H

#include "core/base/notes.h"
#include "core/base/progress.h"
#include "core/capture/rseq.h"
#include "core/plan/plan.h"
#include "core/tracee/tracee.h"

struct snap_restore_counts {
	uint64_t bytes_compared;
	uint64_t bytes_written;
	/** Set also on error: it is as the snapshot says, but for what is told. */
	bool is_committed;
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
 * @param skips Bytes that are not the program's; sorted.
 * @param verifies_memory Read all memory back, too.
 * @param notes Grows by what the user is to be told.
 */
_must_check_ snap_err snap_restore_execute(struct snap_tracee *tracee,
					   const struct snap_plan *plan,
					   const struct snap_range *skips,
					   size_t nr_skips, bool verifies_memory,
					   const struct snap_progress *progress,
					   struct snap_notes *notes,
					   struct snap_restore_counts *ret);

#endif
