/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_MAP_H
#define SNAP_MODEL_MAP_H

#include "core/model/memory.h"

/**
 * @file
 * The inside of struct snap_memory: a sorted array of chunks, and what memory.c and
 * memory_compare.c need of it.
 */

/** The bytes of a process that a chunk tells of. */
#define SNAP_CHUNK_SIZE ((uint64_t)SNAP_CHUNK_PAGES * SNAP_PAGE_SIZE)

struct snap_map_entry {
	/** The address of its first page, in SNAP_CHUNK_SIZE. */
	uint64_t index;
	/** A reference. Not empty. */
	uint32_t chunk;
};

struct snap_map {
	/** How many memories are this one. */
	size_t refs;
	size_t nr;
	size_t capacity;
	struct snap_map_entry entries[];
};

static inline size_t snap_map_nr(const struct snap_memory *memory)
{
	return memory->map ? memory->map->nr : 0;
}

/** The slots of an entry's pages. */
static inline const uint32_t *snap_map_slots(const struct snap_memory *memory,
					     size_t entry)
{
	return snap_chunk_at(&memory->store->chunks, memory->map->entries[entry].chunk)
		->slots;
}

/** The first entry of this index or a higher one; as many as there are: none. */
size_t snap_map_find(const struct snap_memory *memory, uint64_t index);

/** Hold a chunk no more. */
void snap_map_release_chunk(struct snap_store *store, uint32_t chunk);

/**
 * Make a memory the only one that has its map, with room for more entries, and reserve
 * chunks in its store.
 */
_must_check_ snap_err snap_map_prepare(struct snap_memory *memory, uint64_t nr_entries,
				       uint64_t nr_chunks);

/**
 * Make an entry's chunk one that nobody else holds; a chunk is reserved.
 */
void snap_map_own_chunk(struct snap_memory *memory, size_t entry);

/** The entry of an index that is the last or behind it; it is reserved. */
size_t snap_map_last_entry(struct snap_memory *memory, uint64_t index);

#endif
