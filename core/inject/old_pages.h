/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_OLD_PAGES_H
#define SNAP_INJECT_OLD_PAGES_H

#include "core/model/fills.h"
#include "core/tracee/tracee.h"

/** What pages of a process were before they are changed: what an undo writes back. */
struct snap_old_pages {
	struct snap_memory *memory;
	/** Bytes that are still to be copied. */
	struct snap_fills fills;
};

/** @param memory Gets the pages, addresses only go up. */
static inline void snap_old_pages_init(struct snap_old_pages *old,
				       struct snap_memory *memory)
{
	old->memory = old->fills.memory = memory;
	old->fills.nr = 0;
}

/**
 * Keep pages; they may be changed after snap_old_pages_finish(). On an error nothing is
 * held of which the bytes are not known.
 *
 * @param live What they are, to stay there until then; NULL: it has to be read.
 */
_must_check_ snap_err snap_old_pages_keep(struct snap_old_pages *old,
					  struct snap_tracee *tracee, uint64_t start,
					  const uint8_t *live, size_t size);

/** Copy all bytes. On an error the pages that waited are not held. */
_must_check_ snap_err snap_old_pages_finish(struct snap_old_pages *old);

#endif
