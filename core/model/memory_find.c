// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/model/map.h"

/** A page of a memory: the entry of its map, and the page in the chunk. */
struct place {
	size_t entry;
	size_t page;
};

static uint64_t address_of(const struct snap_memory *memory, struct place place)
{
	return memory->map->entries[place.entry].index * SNAP_CHUNK_SIZE +
	       place.page * SNAP_PAGE_SIZE;
}

/** The first page that is held at an address or behind it; false: none. */
static bool find(const struct snap_memory *memory, uint64_t address, struct place *ret)
{
	uint64_t index = address / SNAP_CHUNK_SIZE;
	struct place place = { .entry = snap_map_find(memory, index) };
	size_t nr = snap_map_nr(memory);
	if (place.entry < nr && memory->map->entries[place.entry].index == index)
		place.page = address % SNAP_CHUNK_SIZE / SNAP_PAGE_SIZE;
	// No chunk is empty: this goes on to the second at most.
	for (; place.entry < nr; place.entry++, place.page = 0) {
		const uint32_t *slots = snap_map_slots(memory, place.entry);
		for (; place.page < SNAP_CHUNK_PAGES; place.page++)
			if (slots[place.page]) {
				*ret = place;
				return true;
			}
	}
	return false;
}

/** How many pages from a held one on are in one piece, of so many at most. */
static uint64_t count_run(const struct snap_memory *memory, struct place place,
			  uint64_t most)
{
	uint64_t nr = 0;
	if (most > SNAP_RUN_MAX / SNAP_PAGE_SIZE)
		most = SNAP_RUN_MAX / SNAP_PAGE_SIZE;
	const struct snap_map *map = memory->map;
	uint64_t index = map->entries[place.entry].index;
	uint32_t slot = snap_map_slots(memory, place.entry)[place.page];
	for (; place.entry < map->nr && map->entries[place.entry].index == index;
	     place.entry++, place.page = 0, index++) {
		const uint32_t *slots = snap_map_slots(memory, place.entry);
		for (; place.page < SNAP_CHUNK_PAGES; place.page++, nr++)
			if (slots[place.page] != slot + nr || nr == most)
				return nr;
	}
	return nr;
}

bool snap_memory_next_piece(const struct snap_memory *memory, uint64_t address,
			    uint64_t end, struct snap_run *ret)
{
	struct place place;
	if (!find(memory, address, &place))
		return false;
	uint64_t start = address_of(memory, place);
	if (start >= end || address >= end)
		return false;
	uint64_t most = (end - start - 1) / SNAP_PAGE_SIZE + 1;
	uint32_t slot = snap_map_slots(memory, place.entry)[place.page];
	// The address may lie inside the page.
	uint64_t inside = address > start ? address - start : 0;
	*ret = (struct snap_run){
		.start = start + inside,
		.size = count_run(memory, place, most) * SNAP_PAGE_SIZE - inside,
		.bytes = snap_store_bytes(memory->store, slot) + inside,
	};
	if (ret->size > end - ret->start)
		ret->size = end - ret->start;
	return true;
}

bool snap_memory_next_run(const struct snap_memory *memory, uint64_t address,
			  struct snap_run *ret)
{
	return snap_memory_next_piece(memory, address, UINT64_MAX, ret);
}

const uint8_t *snap_memory_at(const struct snap_memory *memory, uint64_t address,
			      uint64_t *ret_size)
{
	struct snap_run run;
	bool is_found = snap_memory_next_run(memory, address, &run);
	if (is_found && run.start == address) {
		*ret_size = run.size;
		return run.bytes;
	}
	*ret_size = is_found ? run.start - address : UINT64_MAX;
	return NULL;
}

uint64_t snap_memory_held(const struct snap_memory *memory, uint64_t start,
			  uint64_t end)
{
	uint64_t held = 0;
	struct snap_run run;
	while (start < end && snap_memory_next_piece(memory, start, end, &run)) {
		held += run.size;
		start = run.start + run.size;
	}
	return held;
}
