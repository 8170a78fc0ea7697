// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/drop.h"

#include <inttypes.h>

#include "core/tracee/memory.h"

/**
 * MADV_DONTNEED that takes locked pages, too. Since Linux 5.18
 * (include/uapi/asm-generic/mman-common.h).
 */
#define SNAP_MADV_DONTNEED_LOCKED 24

static snap_err write_zeros(struct snap_tracee *tracee, uint64_t start, uint64_t size)
{
	static const uint8_t zeros[64 << 10];
	for (uint64_t done = 0; done < size; done += sizeof(zeros)) {
		uint64_t some =
			size - done < sizeof(zeros) ? size - done : sizeof(zeros);
		SNAP_TRY(snap_tracee_write(tracee, start + done, zeros, some));
	}
	return SNAP_OK;
}

snap_err snap_drops_flush(struct snap_drops *drops, struct snap_room *room,
			  struct snap_borrowed *who)
{
	struct snap_call calls[SNAP_MAX_DROPS];
	size_t nr = drops->nr;
	if (!nr)
		return SNAP_OK;
	for (size_t i = 0; i < nr; i++)
		calls[i] = (struct snap_call)SNAP_CALL(MADVISE, drops->list[i].start,
						       drops->list[i].size,
						       SNAP_MADV_DONTNEED_LOCKED);
	SNAP_TRY(snap_room_call(room, who, calls, nr, false));
	drops->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		if (!snap_call_failed(calls[i].result))
			continue;
		// Sealed, or of another page size.
		if (!drops->list[i].may_be_zeroed)
			return snap_error_os((int)-calls[i].result,
					     "the process cannot drop its pages at "
					     "%#" PRIx64,
					     drops->list[i].start);
		SNAP_TRY(write_zeros(room->tracee, drops->list[i].start,
				     drops->list[i].size));
	}
	return SNAP_OK;
}

snap_err snap_drop(struct snap_drops *drops, struct snap_room *room,
		   struct snap_borrowed *who, uint64_t start, uint64_t size,
		   bool may_be_zeroed)
{
	size_t last = drops->nr - 1;
	if (drops->nr && drops->list[last].may_be_zeroed == may_be_zeroed &&
	    drops->list[last].start + drops->list[last].size == start) {
		drops->list[last].size += size;
		return SNAP_OK;
	}
	if (drops->nr == SNAP_MAX_DROPS)
		SNAP_TRY(snap_drops_flush(drops, room, who));
	drops->list[drops->nr].start = start;
	drops->list[drops->nr].size = size;
	drops->list[drops->nr++].may_be_zeroed = may_be_zeroed;
	return SNAP_OK;
}
