/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_MEMORY_H
#define SNAP_CAPTURE_MEMORY_H

#include "core/base/progress.h"
#include "core/capture/copy.h"
#include "core/model/memory.h"
#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/** What is known of the memory of a process. */
struct snap_changes {
	/** What may have changed since the baseline is known: the rest is not looked
	 * at.
	 */
	bool is_known;
	struct snap_ranges changed;
	/** Some pages that exist, the process's own. */
	struct snap_ranges there;
};

static inline void snap_changes_deinit(struct snap_changes *changes)
{
	snap_ranges_deinit(&changes->changed);
	snap_ranges_deinit(&changes->there);
}

#define _cleanup_changes_ _cleanup_(snap_changes_deinit)

/**
 * Copy what is the process's own in some of its mappings: pages of private memory that
 * exist and are not zero, pages of private file mappings that were written to, shared
 * anonymous memory. Where the file or zeros tell the rest, nothing is held.
 *
 * @param baseline An earlier capture of the process: what is as it was then is shared
 *	with it, if it is in the same store. May be NULL.
 * @param changes What is known.
 * @param copy Gets what can be copied later; NULL: nothing can.
 * @param ret Grows at its end; the mappings lie behind what it holds.
 */
_must_check_ snap_err snap_capture_memory(struct snap_tracee *tracee,
					  const struct snap_vmas *vmas,
					  const struct snap_memory *baseline,
					  const struct snap_changes *changes,
					  struct snap_copy *copy,
					  const struct snap_progress *progress,
					  struct snap_memory *ret);

/** The same for a part of one mapping, whole pages. */
_must_check_ snap_err snap_capture_range(struct snap_tracee *tracee,
					 const struct snap_vma *vma, uint64_t start,
					 uint64_t end, struct snap_memory *ret);

#endif
