// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/remap.h"

#include "core/image/unread.h"
#include "core/plan/explain.h"
#include "core/plan/remap.h"
#include "core/tracee/mappings.h"
#include "core/tracee/vma_book.h"

/** Whether the plan has done anything about mappings. */
static bool has_changed(const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (snap_step_family(plan->steps[i].kind) == SNAP_FAMILY_MAPPINGS)
			return true;
	return false;
}

static snap_err mismatch(const struct snap_step *step)
{
	_cleanup_buffer_ struct snap_buffer text = { 0 };
	SNAP_TRY(snap_plan_explain_step(step, &text));
	SNAP_TRY(snap_buffer_append(&text, "", 1));
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "a mapping is not what was asked for; what is left to "
				 "do: %s",
				 (const char *)text.data);
}

snap_err snap_remap_foresee(struct snap_restorer *restorer)
{
	_cleanup_vmas_ struct snap_vmas ignored = { 0 };
	if (!restorer->tracee->vma_book || !has_changed(restorer->plan) ||
	    !snap_unread_of(&restorer->plan->image->memory))
		return SNAP_OK;
	return snap_tracee_read_vmas(restorer->tracee, &ignored);
}

snap_err snap_remap_verify(struct snap_restorer *restorer)
{
	const struct snap_plan *plan = restorer->plan;
	if (!has_changed(plan))
		return SNAP_OK;
	struct snap_snapshot now = *plan->live;
	_cleanup_vmas_ struct snap_vmas vmas = { 0 };
	SNAP_TRY(snap_tracee_read_vmas(restorer->tracee, &vmas));
	now.vmas = vmas;
	now.lock_future = plan->image->lock_future;
	// A heap that has to grow has grown; one that has to shrink does so later.
	if (plan->image->brk > now.brk)
		now.brk = plan->image->brk;
	_cleanup_plan_ struct snap_plan rest = { .image = plan->image, .live = &now };
	SNAP_TRY(snap_plan_remap(&rest));
	for (size_t i = 0; i < rest.nr_steps; i++)
		if (rest.steps[i].kind != SNAP_STEP_UNMAP &&
		    rest.steps[i].kind != SNAP_STEP_SHRINK)
			return mismatch(&rest.steps[i]);
	return SNAP_OK;
}
