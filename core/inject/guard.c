// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/memory.h"
#include "core/inject/restorer.h"
#include "core/tracee/memory.h"

/** What a guard takes with it, for the undo. */
static snap_err save_lost(struct snap_restorer *restorer, const struct snap_step *step)
{
	return step->is ? snap_capture_range(restorer->tracee, step->is, step->start,
					     step->end, &restorer->lost)
			: SNAP_OK;
}

static snap_err undo_loss(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_tracee_write_back(restorer->tracee, &restorer->lost);
}

/**
 * Make guards. The first step of them does it for all: what they hold is saved before,
 * and written back when the guards have been taken away again.
 */
snap_err snap_do_guard(struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_plan *plan = restorer->plan;
	const struct snap_step *end = plan->steps + plan->nr_steps;
	if (step > plan->steps && step[-1].kind == step->kind)
		return SNAP_OK;
	for (const struct snap_step *one = step; one < end && one->kind == step->kind;
	     one++)
		SNAP_TRY(save_lost(restorer, one));
	snap_restorer_push(restorer, "write back what a guard took", undo_loss, step, 0,
			   0, 0);
	return snap_do_remap(restorer, step);
}
