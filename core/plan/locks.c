// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/locks.h"

#include "core/plan/explain.h"

static bool is_locked(enum snap_lock_future future)
{
	return future == SNAP_LOCK_FUTURE_NOW || future == SNAP_LOCK_FUTURE_ON_FAULT;
}

bool snap_plan_unlocks_all(const struct snap_plan *plan)
{
	return is_locked(plan->live->lock_future) &&
	       plan->image->lock_future == SNAP_LOCK_FUTURE_NOT;
}

uint32_t snap_plan_fresh_locks(const struct snap_plan *plan)
{
	if (snap_plan_unlocks_all(plan) || !is_locked(plan->live->lock_future))
		return 0;
	return plan->live->lock_future == SNAP_LOCK_FUTURE_ON_FAULT
		       ? SNAP_VMA_LOCKED | SNAP_VMA_LOCK_ON_FAULT
		       : SNAP_VMA_LOCKED;
}

snap_err snap_plan_locks(struct snap_plan *plan)
{
	enum snap_lock_future image = plan->image->lock_future;
	enum snap_lock_future live = plan->live->lock_future;
	if (!image || !live || image == live)
		return SNAP_OK;
	return snap_plan_add(plan, &(struct snap_step){
					   .kind = snap_plan_unlocks_all(plan)
							   ? SNAP_STEP_UNLOCK_ALL
							   : SNAP_STEP_LOCK_FUTURE,
				   });
}

snap_err snap_describe_future(const struct snap_step *step, struct snap_buffer *ret)
{
	return snap_describe(ret, "new mappings");
}
