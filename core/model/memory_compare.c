// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/map.h"

static const uint32_t nothing[SNAP_CHUNK_PAGES];

/** A way through the entries of a map. */
struct walk {
	const struct snap_memory *memory;
	size_t entry;
};

static uint64_t index_of(const struct walk *walk)
{
	return walk->entry < snap_map_nr(walk->memory)
		       ? walk->memory->map->entries[walk->entry].index
		       : UINT64_MAX;
}

/** The slots of a chunk, and go on behind it. */
static const uint32_t *take_slots(struct walk *walk, uint64_t index)
{
	if (index_of(walk) != index)
		return nothing;
	return snap_map_slots(walk->memory, walk->entry++);
}

/** Add the pages of one chunk that differ, and lie in a range. */
static snap_err compare_chunk(uint64_t base, const uint32_t *a, const uint32_t *b,
			      bool is_one_store, uint64_t start, uint64_t end,
			      struct snap_ranges *ret)
{
	size_t page = start > base ? (start - base) / SNAP_PAGE_SIZE : 0;
	for (; page < SNAP_CHUNK_PAGES; page++) {
		uint64_t address = base + page * SNAP_PAGE_SIZE;
		if (address >= end)
			break;
		if (is_one_store ? a[page] == b[page] : !a[page] && !b[page])
			continue;
		SNAP_TRY(snap_ranges_append(ret, address, address + SNAP_PAGE_SIZE));
	}
	return SNAP_OK;
}

snap_err snap_memory_differ(const struct snap_memory *a, const struct snap_memory *b,
			    uint64_t start, uint64_t end, struct snap_ranges *ret)
{
	if (start >= end || a->map == b->map)
		return SNAP_OK;
	bool is_one_store = a->store == b->store;
	uint64_t first = start / SNAP_CHUNK_SIZE, last = (end - 1) / SNAP_CHUNK_SIZE;
	struct walk of_a = { a, snap_map_find(a, first) };
	struct walk of_b = { b, snap_map_find(b, first) };
	for (;;) {
		uint64_t index = index_of(&of_a);
		if (index_of(&of_b) < index)
			index = index_of(&of_b);
		if (index > last)
			return SNAP_OK;
		const uint32_t *slots_a = take_slots(&of_a, index);
		const uint32_t *slots_b = take_slots(&of_b, index);
		if (slots_a != slots_b)
			SNAP_TRY(compare_chunk(index * SNAP_CHUNK_SIZE, slots_a,
					       slots_b, is_one_store, start, end, ret));
	}
}

/** How many pages of a chunk nobody else holds. */
static uint64_t count_alone(const struct snap_store *store, uint32_t chunk)
{
	uint64_t nr = 0;
	const uint32_t *slots = snap_chunk_at(&store->chunks, chunk)->slots;
	if (store->chunks.counts[chunk].refs > 1)
		return 0;
	for (size_t i = 0; i < SNAP_CHUNK_PAGES; i++)
		nr += slots[i] && store->slot_refs[slots[i]] == 1;
	return nr;
}

struct snap_memory_usage snap_memory_usage(const struct snap_memory *memory)
{
	struct snap_memory_usage usage = { 0 };
	for (size_t i = 0; i < snap_map_nr(memory); i++)
		usage.alone +=
			count_alone(memory->store, memory->map->entries[i].chunk) *
			SNAP_PAGE_SIZE;
	usage.shared = memory->size - usage.alone;
	usage.map = snap_memory_map_size(memory);
	return usage;
}

uint64_t snap_memory_map_size(const struct snap_memory *memory)
{
	const struct snap_map *map = memory->map;
	return map ? sizeof(*map) + map->capacity * sizeof(*map->entries) : 0;
}
