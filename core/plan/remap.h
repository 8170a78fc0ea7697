/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_REMAP_H
#define SNAP_PLAN_REMAP_H

#include "core/plan/plan.h"

/**
 * Add the steps that bring the mappings back: a sweep over both lists at once.
 *
 * SNAP_ERROR_REFUSED when something is gone that cannot be made again (shared memory,
 * devices), or is there for good (sealed mappings).
 */
_must_check_ snap_err snap_plan_remap(struct snap_plan *plan);

#endif
