// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/map.h"

#include <string.h>

size_t snap_map_find(const struct snap_memory *memory, uint64_t index)
{
	size_t low = 0, high = snap_map_nr(memory);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memory->map->entries[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void snap_map_release_chunk(struct snap_store *store, uint32_t chunk)
{
	struct snap_chunks *chunks = &store->chunks;
	if (--chunks->counts[chunk].refs)
		return;
	const uint32_t *slots = snap_chunk_at(chunks, chunk)->slots;
	for (size_t i = 0; i < SNAP_CHUNK_PAGES; i++)
		if (slots[i])
			snap_store_release(store, slots[i]);
	snap_chunks_free(chunks, chunk);
}

/** A map of one memory alone; what it has of another, if there is one, is held twice.
 */
static snap_err create(struct snap_store *store, const struct snap_map *other,
		       size_t capacity, struct snap_map **ret)
{
	size_t size;
	if (__builtin_mul_overflow(capacity, sizeof(struct snap_map_entry), &size) ||
	    __builtin_add_overflow(size, sizeof(struct snap_map), &size))
		return &snap_enomem;
	struct snap_map *map = snap_spare_take_map(store, capacity);
	if (map)
		capacity = map->capacity;
	else
		map = malloc(size);
	if (!map)
		return &snap_enomem;
	*map = (struct snap_map){ .refs = 1, .capacity = capacity };
	if (other) {
		map->nr = other->nr;
		memcpy(map->entries, other->entries, other->nr * sizeof(*map->entries));
		for (size_t i = 0; i < other->nr; i++)
			store->chunks.counts[other->entries[i].chunk].refs++;
	}
	*ret = map;
	return SNAP_OK;
}

/** Entries come one by one mostly: grow by half. */
static snap_err grow(struct snap_map **map, size_t needed)
{
	size_t capacity = needed + (*map)->nr / 2, size;
	if (needed <= (*map)->capacity)
		return SNAP_OK;
	if (__builtin_mul_overflow(capacity, sizeof(struct snap_map_entry), &size) ||
	    __builtin_add_overflow(size, sizeof(struct snap_map), &size))
		return &snap_enomem;
	struct snap_map *grown = realloc(*map, size);
	if (!grown)
		return &snap_enomem;
	grown->capacity = capacity;
	*map = grown;
	return SNAP_OK;
}

snap_err snap_map_prepare(struct snap_memory *memory, uint64_t nr_entries,
			  uint64_t nr_chunks)
{
	SNAP_TRY(snap_chunks_reserve(&memory->store->chunks, nr_chunks));
	size_t needed = snap_map_nr(memory) + nr_entries;
	if (memory->map && memory->map->refs == 1)
		return grow(&memory->map, needed);
	struct snap_map *map;
	SNAP_TRY(create(memory->store, memory->map, needed, &map));
	if (memory->map)
		memory->map->refs--;
	memory->map = map;
	return SNAP_OK;
}

void snap_map_own_chunk(struct snap_memory *memory, size_t entry)
{
	struct snap_store *store = memory->store;
	struct snap_chunks *chunks = &store->chunks;
	uint32_t old = memory->map->entries[entry].chunk;
	if (chunks->counts[old].refs == 1)
		return;
	uint32_t chunk = snap_chunks_take(chunks);
	*snap_chunk_at(chunks, chunk) = *snap_chunk_at(chunks, old);
	chunks->counts[chunk].nr_held = chunks->counts[old].nr_held;
	const uint32_t *slots = snap_chunk_at(chunks, chunk)->slots;
	for (size_t i = 0; i < SNAP_CHUNK_PAGES; i++)
		if (slots[i])
			snap_store_hold(store, slots[i]);
	chunks->counts[old].refs--;
	memory->map->entries[entry].chunk = chunk;
}

size_t snap_map_last_entry(struct snap_memory *memory, uint64_t index)
{
	struct snap_map *map = memory->map;
	if (map->nr && map->entries[map->nr - 1].index == index) {
		snap_map_own_chunk(memory, map->nr - 1);
	} else {
		map->entries[map->nr++] = (struct snap_map_entry){
			.index = index,
			.chunk = snap_chunks_take(&memory->store->chunks),
		};
	}
	return map->nr - 1;
}
