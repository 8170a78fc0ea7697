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

/**
 * Chunks by number, which several memories may hold. Chunks move when more are made:
 * keep the number. Zero-initialise.
 */
struct snap_chunks {
	struct snap_chunk *list;
	struct snap_chunk_count *counts;
	uint32_t nr;
	uint32_t capacity;
	/** The first of those that are free, plus 1; its first slot names the next. */
	uint32_t first_free;
	uint32_t nr_free;
};

void snap_chunks_deinit(struct snap_chunks *chunks);

/** Make sure that `nr` chunks can be made. */
_must_check_ snap_err snap_chunks_reserve(struct snap_chunks *chunks, uint64_t nr);

/** A new, empty chunk with one reference; it was reserved. */
uint32_t snap_chunks_take(struct snap_chunks *chunks);

/** Give back a chunk that nobody holds any more; its slots are released already. */
void snap_chunks_free(struct snap_chunks *chunks, uint32_t chunk);

#endif
