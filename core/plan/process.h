/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_PROCESS_H
#define SNAP_PLAN_PROCESS_H

#include "core/plan/plan.h"

/**
 * Add the steps that bring back folder, limits, priorities, names and privileges: those
 * of the process, and those of every thread that both sides have.
 *
 * The members of a step: `number` is the attribute (ATTRIBUTE, KEEP) or the limit;
 * `wanted` and `is` point to the uint64_t of an attribute, to a struct snap_limit, to a
 * name (THREAD_NAME), else to a whole struct snap_process_state or snap_thread_state.
 */
_must_check_ snap_err snap_plan_process(struct snap_plan *plan);

/** What a restore of an attribute, a limit, a thread needs and the debugger lacks. */
_must_check_ snap_err snap_check_attribute(const struct snap_plan *plan,
					   const struct snap_step *step);
_must_check_ snap_err snap_check_limit(const struct snap_plan *plan,
				       const struct snap_step *step);
_must_check_ snap_err snap_check_scheduling(const struct snap_plan *plan,
					    const struct snap_step *step);
_must_check_ snap_err snap_check_privileges(const struct snap_plan *plan,
					    const struct snap_step *step);

/** The attributes of a thread that one step brings back together differ. */
bool snap_scheduling_differs(const struct snap_thread_state *a,
			     const struct snap_thread_state *b);
bool snap_privileges_differ(const struct snap_thread_state *a,
			    const struct snap_thread_state *b);

#endif
