/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_DROP_H
#define SNAP_INJECT_DROP_H

#include <stdbool.h>

#include "core/inject/room.h"

/** The most drops that wait. */
#define SNAP_MAX_DROPS 64

/** Pages that are given back to the kernel, many in one resumption. Zero-initialise. */
struct snap_drops {
	struct {
		uint64_t start;
		uint64_t size;
		/** Zeros will do where the kernel does not take the pages back. */
		bool may_be_zeroed;
	} list[SNAP_MAX_DROPS];

	size_t nr;
};

/**
 * Give pages back: they are then zeros, or the file's. That is done when the list is
 * full, or by snap_drops_flush().
 */
_must_check_ snap_err snap_drop(struct snap_drops *drops, struct snap_room *room,
				struct snap_borrowed *who, uint64_t start,
				uint64_t size, bool may_be_zeroed);

_must_check_ snap_err snap_drops_flush(struct snap_drops *drops, struct snap_room *room,
				       struct snap_borrowed *who);

#endif
