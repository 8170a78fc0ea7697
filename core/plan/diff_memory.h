/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_DIFF_MEMORY_H
#define SNAP_PLAN_DIFF_MEMORY_H

#include "core/plan/diff.h"

/**
 * Fill diff->memory: what differs where both have the same thing mapped. The rest is
 * told by the steps on mappings.
 */
_must_check_ snap_err snap_diff_compare_memory(struct snap_diff *diff,
					       const struct snap_diff_options *options);

#endif
