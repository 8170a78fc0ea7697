/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_LOCKS_H
#define SNAP_PLAN_LOCKS_H

#include "core/plan/plan.h"

/** Add the steps that change whether new mappings are locked, mlockall(MCL_FUTURE). */
_must_check_ snap_err snap_plan_locks(struct snap_plan *plan);

/** Whether the first step unlocks all memory there is. */
bool snap_plan_unlocks_all(const struct snap_plan *plan);

/** The SNAP_VMA_LOCKED, SNAP_VMA_LOCK_ON_FAULT of what the plan maps. */
uint32_t snap_plan_fresh_locks(const struct snap_plan *plan);

#endif
