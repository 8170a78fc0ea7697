#ifndef SNAP_INJECT_REMAP_H
#define SNAP_INJECT_REMAP_H

#include "core/inject/borrow.h"
#include "core/inject/undo.h"
#include "core/model/memory.h"
#include "core/plan/plan.h"

/** Carries out the mapping steps of a plan, through one borrowed thread. */
struct snap_remapper {
	const struct snap_plan *plan;
	/** Who makes the system calls. Not owned. */
	struct snap_borrowed *worker;
	struct snap_undo *undo;
	/** What a shrinking heap takes with it, for the undo. */
	struct snap_memory lost_heap;
};

void snap_remapper_deinit(struct snap_remapper *remapper);
#define _cleanup_remapper_ _cleanup_(snap_remapper_deinit)

/**
 * Check what can be checked without touching the process: that the files to be mapped
 * again are the same that were mapped.
 */
_must_check_ snap_err snap_remap_validate(struct snap_tracee *tracee,
					  const struct snap_plan *plan);

/** Make the arena and do the steps of the kinds from `first` to `last`. */
_must_check_ snap_err snap_remap_prepare(struct snap_remapper *remapper);
_must_check_ snap_err snap_remap_run(struct snap_remapper *remapper,
				     enum snap_step_kind first,
				     enum snap_step_kind last);

/** Drop the arena with what is parked in it: there is no way back. */
_must_check_ snap_err snap_remap_commit(struct snap_remapper *remapper);

#endif
