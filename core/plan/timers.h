/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_TIMERS_H
#define SNAP_PLAN_TIMERS_H

#include "core/plan/plan.h"

/**
 * Add the steps that bring timers back: those that run are stopped first, and what was
 * left to them at the snapshot counts from the restore.
 *
 * SNAP_ERROR_REFUSED when one was deleted that cannot be made again.
 */
_must_check_ snap_err snap_plan_timers(struct snap_plan *plan);

#endif
