/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_VIEWS_H
#define SNAP_PLAN_VIEWS_H

#include "core/model/vma.h"

/** The shared mappings of a process, by what they map. Zero-initialise. */
struct snap_views {
	/** Not owned. Sorted by device, inode and offset. */
	const struct snap_vma **list;
	size_t nr;
};

/** @param vmas They outlive the views. */
_must_check_ snap_err snap_views_init(struct snap_views *views,
				      const struct snap_vmas *vmas);
void snap_views_deinit(struct snap_views *views);
#define _cleanup_views_ _cleanup_(snap_views_deinit)

/**
 * A mapping that shows the same page of the same shared memory as `vma` does at
 * `address`, and may be written to if that may; or NULL.
 *
 * @param[out] ret Where it shows that page.
 */
const struct snap_vma *snap_views_find(const struct snap_views *views,
				       const struct snap_vma *vma, uint64_t address,
				       uint64_t *ret);

/** Whether the process maps the shared memory of `vma` at all, and all such flags. */
bool snap_views_exist(const struct snap_views *views, const struct snap_vma *vma,
		      uint32_t *ret_flags);

#endif
