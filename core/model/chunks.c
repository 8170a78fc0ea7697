// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/chunks.h"

#include <assert.h>
#include <string.h>

void snap_chunks_deinit(struct snap_chunks *chunks)
{
	for (uint32_t i = 0; i < chunks->nr_blocks; i++)
		free(chunks->blocks[i]);
	free(chunks->blocks);
	free(chunks->counts);
	*chunks = (struct snap_chunks){ 0 };
}

/** Room for another block; what is too much is kept. */
static snap_err make_room(struct snap_chunks *chunks)
{
	size_t nr = chunks->nr_blocks;
	if (nr & (nr - 1))
		return SNAP_OK;
	nr = nr ? nr * 2 : 1;
	struct snap_chunk **blocks =
		reallocarray(chunks->blocks, nr, sizeof(*chunks->blocks));
	if (!blocks)
		return &snap_enomem;
	chunks->blocks = blocks;
	struct snap_chunk_count *counts =
		reallocarray(chunks->counts, nr,
			     SNAP_BLOCK_CHUNKS * sizeof(*chunks->counts));
	if (!counts)
		return &snap_enomem;
	chunks->counts = counts;
	return SNAP_OK;
}

snap_err snap_chunks_add_block(struct snap_chunks *chunks, struct snap_chunk *block)
{
	if (chunks->nr_blocks >= UINT32_MAX / 2 / SNAP_BLOCK_CHUNKS)
		return &snap_enomem;
	SNAP_TRY(make_room(chunks));
	chunks->blocks[chunks->nr_blocks++] = block;
	return SNAP_OK;
}

snap_err snap_chunks_reserve(struct snap_chunks *chunks, uint64_t nr)
{
	if (nr >= UINT32_MAX / 2)
		return &snap_enomem;
	while (snap_chunks_room(chunks) < nr) {
		_cleanup_free_ struct snap_chunk *block = malloc(SNAP_BLOCK_SIZE);
		if (!block)
			return &snap_enomem;
		SNAP_TRY(snap_chunks_add_block(chunks, block));
		block = NULL;
	}
	return SNAP_OK;
}

uint32_t snap_chunks_take(struct snap_chunks *chunks)
{
	uint32_t chunk = chunks->nr;
	if (chunks->nr_free) {
		chunk = chunks->first_free - 1;
		chunks->first_free = snap_chunk_at(chunks, chunk)->slots[0];
		chunks->nr_free--;
	} else {
		assert(chunk < chunks->nr_blocks * SNAP_BLOCK_CHUNKS);
		chunks->nr++;
	}
	memset(snap_chunk_at(chunks, chunk), 0, sizeof(struct snap_chunk));
	chunks->counts[chunk] = (struct snap_chunk_count){ .refs = 1 };
	return chunk;
}

void snap_chunks_free(struct snap_chunks *chunks, uint32_t chunk)
{
	assert(!chunks->counts[chunk].refs);
	snap_chunk_at(chunks, chunk)->slots[0] = chunks->first_free;
	chunks->first_free = chunk + 1;
	chunks->nr_free++;
	if (chunks->nr_free == chunks->nr)
		snap_chunks_deinit(chunks);
}
