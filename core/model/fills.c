// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/fills.h"

snap_err snap_fills_append(struct snap_fills *fills, uint64_t start,
			   const uint8_t *bytes, size_t size)
{
	uint8_t *place;
	if (fills->nr == SNAP_MOST_FILLS)
		SNAP_TRY(snap_fills_finish(fills));
	SNAP_TRY(snap_memory_append_to_write(fills->memory, start, size, &place));
	fills->to[fills->nr] = place;
	fills->from[fills->nr++] = (struct iovec){ (void *)(uintptr_t)bytes, size };
	return SNAP_OK;
}

uint8_t *snap_fills_place(const struct snap_fills *fills, uint64_t size, uint8_t *space)
{
	struct snap_store *store = fills->memory->store;
	uint8_t *place =
		store && size ? snap_store_peek(store, size / SNAP_PAGE_SIZE) : NULL;
	return place ? place : space;
}

snap_err snap_fills_finish(struct snap_fills *fills)
{
	// Pieces that follow each other in the store, as most do, go in one call.
	for (size_t i = 0, next; i < fills->nr; i = next) {
		size_t size = fills->from[i].iov_len;
		for (next = i + 1; next < fills->nr;
		     size += fills->from[next++].iov_len)
			if (fills->to[next] != fills->to[i] + size)
				break;
		SNAP_TRY(snap_store_fill(fills->memory->store, fills->to[i],
					 fills->from + i, next - i));
	}
	fills->nr = 0;
	return SNAP_OK;
}

void snap_fills_drop(struct snap_fills *fills)
{
	uint64_t size = 0;
	for (size_t i = 0; i < fills->nr; i++)
		size += fills->from[i].iov_len;
	fills->nr = 0;
	snap_memory_drop_last(fills->memory, size);
}
