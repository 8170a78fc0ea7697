// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/chunks.h"

#include <assert.h>
#include <string.h>

void snap_chunks_deinit(struct snap_chunks *chunks)
{
	free(chunks->list);
	free(chunks->counts);
	*chunks = (struct snap_chunks){ 0 };
}

snap_err snap_chunks_reserve(struct snap_chunks *chunks, uint64_t nr)
{
	uint64_t needed, capacity = chunks->capacity ? chunks->capacity : 16;
	if (__builtin_add_overflow(chunks->nr - chunks->nr_free, nr, &needed) ||
	    needed >= UINT32_MAX / 2)
		return &snap_enomem;
	if (needed <= chunks->capacity)
		return SNAP_OK;
	while (capacity < needed)
		capacity *= 2;
	struct snap_chunk *list =
		reallocarray(chunks->list, capacity, sizeof(*chunks->list));
	if (!list)
		return &snap_enomem;
	chunks->list = list;
	struct snap_chunk_count *counts =
		reallocarray(chunks->counts, capacity, sizeof(*chunks->counts));
	if (!counts)
		return &snap_enomem;
	chunks->counts = counts;
	chunks->capacity = (uint32_t)capacity;
	return SNAP_OK;
}

uint32_t snap_chunks_take(struct snap_chunks *chunks)
{
	uint32_t chunk = chunks->nr;
	if (chunks->nr_free) {
		chunk = chunks->first_free - 1;
		chunks->first_free = chunks->list[chunk].slots[0];
		chunks->nr_free--;
	} else {
		assert(chunks->nr < chunks->capacity);
		chunks->nr++;
	}
	memset(&chunks->list[chunk], 0, sizeof(chunks->list[chunk]));
	chunks->counts[chunk] = (struct snap_chunk_count){ .refs = 1 };
	return chunk;
}

void snap_chunks_free(struct snap_chunks *chunks, uint32_t chunk)
{
	assert(!chunks->counts[chunk].refs);
	chunks->list[chunk].slots[0] = chunks->first_free;
	chunks->first_free = chunk + 1;
	chunks->nr_free++;
	if (chunks->nr_free == chunks->nr)
		snap_chunks_deinit(chunks);
}
