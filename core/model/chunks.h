/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_CHUNKS_H
#define SNAP_MODEL_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** A chunk tells of so many pages in a row. */
#define SNAP_CHUNK_PAGES 64u

/** The slots of some pages in a row; 0: the page is not held. */
struct snap_chunk {
	uint32_t slots[SNAP_CHUNK_PAGES];
};

/** Apart from the chunks, close together: sharing a memory counts them all. */
struct snap_chunk_count {
	uint32_t refs;
	/** How many of its pages are held; at least one, in the end. */
	uint32_t nr_held;
};

/** Chunks come in blocks of so many, which are got at once. */
#define SNAP_BLOCK_CHUNKS 1024u
#define SNAP_BLOCK_SIZE   ((size_t)SNAP_BLOCK_CHUNKS * sizeof(struct snap_chunk))

/** Chunks by number, which several memories may hold. Zero-initialise. */
struct snap_chunks {
	/** They stay where they are. */
	struct snap_chunk **blocks;
	struct snap_chunk_count *counts;
	uint32_t nr;
	uint32_t nr_blocks;
	/** The first of those that are free, plus 1; its first slot names the next. */
	uint32_t first_free;
	uint32_t nr_free;
};

static inline struct snap_chunk *snap_chunk_at(const struct snap_chunks *chunks,
					       uint32_t chunk)
{
	return &chunks->blocks[chunk / SNAP_BLOCK_CHUNKS][chunk % SNAP_BLOCK_CHUNKS];
}

void snap_chunks_deinit(struct snap_chunks *chunks);

/** Make sure that `nr` chunks can be made. */
_must_check_ snap_err snap_chunks_reserve(struct snap_chunks *chunks, uint64_t nr);

/** How many chunks can be made without more memory. */
static inline uint32_t snap_chunks_room(const struct snap_chunks *chunks)
{
	return chunks->nr_blocks * SNAP_BLOCK_CHUNKS - chunks->nr + chunks->nr_free;
}

/** Have a block more, of SNAP_BLOCK_SIZE bytes by malloc(), which is owned from here
 * on. On an error it is the caller's. */
_must_check_ snap_err snap_chunks_add_block(struct snap_chunks *chunks,
					    struct snap_chunk *block);

/** A new, empty chunk with one reference; it was reserved. */
uint32_t snap_chunks_take(struct snap_chunks *chunks);

/** Give back a chunk that nobody holds any more; its slots are released already. */
void snap_chunks_free(struct snap_chunks *chunks, uint32_t chunk);

#endif
