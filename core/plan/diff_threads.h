/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_DIFF_THREADS_H
#define SNAP_PLAN_DIFF_THREADS_H

#include "core/plan/diff.h"

/** Whether two snapshots are of one process. */
bool snap_diff_is_same_process(const struct snap_snapshot *a,
			       const struct snap_snapshot *b);

/** Fill diff->threads. Threads of two processes are paired in their order. */
_must_check_ snap_err snap_diff_pair_threads(struct snap_diff *diff);

/** Fill diff->registers. */
_must_check_ snap_err snap_diff_compare_registers(struct snap_diff *diff);

#endif
