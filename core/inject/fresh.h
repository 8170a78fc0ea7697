/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_FRESH_H
#define SNAP_INJECT_FRESH_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Whether nothing has been written to a mapping of a process yet: all of it is zero,
 * and nobody needs that back, because a new process that fails is killed.
 */
bool snap_is_fresh(const struct snap_snapshot *live, const struct snap_vma *vma);

/**
 * Write to where zeros are. Pages of zeros are left as they are.
 *
 * @param wanted Whole pages.
 * @param[in,out] bytes_written Grows by what was written.
 */
_must_check_ snap_err snap_fill_fresh(struct snap_tracee *tracee, uint64_t start,
				      const uint8_t *wanted, uint64_t size,
				      uint64_t *bytes_written);

#endif
