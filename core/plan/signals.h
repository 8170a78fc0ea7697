/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_SIGNALS_H
#define SNAP_PLAN_SIGNALS_H

#include "core/plan/plan.h"

/**
 * Add the steps that bring signals back: actions, signal stacks, and what is pending.
 * Blocked signals need none: every thread is landed with its mask.
 *
 * What is pending is taken away and queued again as a whole, for all threads and the
 * process: the kernel has no way to take one signal out of one queue.
 *
 * SNAP_ERROR_REFUSED when it cannot be queued again.
 */
_must_check_ snap_err snap_plan_signals(struct snap_plan *plan);

#endif
