// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/locks.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/tracee/memory.h"

snap_err snap_ask_locks(struct snap_room *room, struct snap_borrowed *who,
			struct snap_snapshot *snapshot)
{
	if (!room->start)
		return SNAP_OK;
	// The last page, which nobody has touched.
	size_t page_size = room->tracee->page_size;
	uint64_t page = room->start + room->size - page_size, entry;
	// EBUSY is how it says that the page is of a locked mapping (man 2 msync).
	struct snap_call call = SNAP_CALL(MSYNC, page, page_size, MS_INVALIDATE);
	SNAP_TRY(snap_room_call(room, who, &call, 1, false));
	if (call.result && call.result != -EBUSY)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_read_pagemap(room->tracee, page, 1, &entry));
	if (!call.result)
		snapshot->lock_future = SNAP_LOCK_FUTURE_NOT;
	else
		snapshot->lock_future = snap_page_exists(entry)
						? SNAP_LOCK_FUTURE_NOW
						: SNAP_LOCK_FUTURE_ON_FAULT;
	return SNAP_OK;
}
