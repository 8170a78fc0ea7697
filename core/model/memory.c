// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/memory.h"

#include <assert.h>
#include <string.h>

#include "core/model/map.h"

static uint64_t chunk_index(uint64_t address)
{
	return address / SNAP_CHUNK_SIZE;
}

static size_t page_index(uint64_t address)
{
	return address % SNAP_CHUNK_SIZE / SNAP_PAGE_SIZE;
}

void snap_memory_init(struct snap_memory *memory, struct snap_store *store)
{
	*memory = (struct snap_memory){ .store = snap_store_ref(store) };
}

void snap_memory_deinit(struct snap_memory *memory)
{
	struct snap_map *map = memory->map;
	if (map && !--map->refs) {
		for (size_t i = 0; i < map->nr; i++)
			snap_map_release_chunk(memory->store, map->entries[i].chunk);
		snap_store_flush(memory->store);
		free(map);
	}
	snap_arrivals_unref(memory->arrivals);
	snap_store_unref(memory->store);
	*memory = (struct snap_memory){ 0 };
}

snap_err snap_memory_expect(struct snap_memory *memory, struct snap_arrival *arrival)
{
	return snap_arrivals_add(&memory->arrivals, arrival);
}

snap_err snap_memory_settle(struct snap_memory *memory,
			    const struct snap_progress *progress)
{
	SNAP_TRY(snap_arrivals_wait(memory->arrivals, progress));
	snap_arrivals_unref(snap_take(memory->arrivals));
	return SNAP_OK;
}

snap_err snap_memory_check_settled(const struct snap_memory *memory)
{
	if (!memory->arrivals)
		return SNAP_OK;
	return snap_error_create(SNAP_ERROR_INVALID,
				 "the memory of the snapshot is still being copied");
}

/** The last page that is held; the memory holds something. */
static uint64_t last_page(const struct snap_memory *memory)
{
	size_t last = memory->map->nr - 1, page = SNAP_CHUNK_PAGES - 1;
	const uint32_t *slots = snap_map_slots(memory, last);
	while (!slots[page])
		page--;
	return memory->map->entries[last].index * SNAP_CHUNK_SIZE +
	       page * SNAP_PAGE_SIZE;
}

static bool is_behind(const struct snap_memory *memory, uint64_t address)
{
	return !snap_map_nr(memory) || address > last_page(memory);
}

/** Enter slots in a row for pages in a row; everything is reserved. */
static void enter(struct snap_memory *memory, uint64_t start, uint32_t slot,
		  uint64_t nr)
{
	while (nr) {
		size_t entry = snap_map_last_entry(memory, chunk_index(start));
		size_t page = page_index(start);
		uint32_t chunk = memory->map->entries[entry].chunk;
		uint32_t *slots = snap_chunk_at(&memory->store->chunks, chunk)->slots;
		uint32_t here = SNAP_CHUNK_PAGES - (uint32_t)page;
		if (here > nr)
			here = (uint32_t)nr;
		for (uint32_t i = 0; i < here; i++)
			slots[page + i] = slot++;
		memory->store->chunks.counts[chunk].nr_held += here;
		start += (uint64_t)here * SNAP_PAGE_SIZE;
		nr -= here;
	}
}

/** What the slots of more memory have to be. */
enum room {
	/** Zeros, and backed. */
	BACKED,
	/** Zeros. */
	UNBACKED,
	/** They will be written, all of them. */
	TO_WRITE,
};

static snap_err append(struct snap_memory *memory, uint64_t start, uint64_t size,
		       enum room room, uint8_t **ret)
{
	assert(!((start | size) % SNAP_PAGE_SIZE) && is_behind(memory, start));
	if (!memory->store)
		SNAP_TRY(snap_store_create(NULL, &memory->store));
	struct snap_store *store = memory->store;
	if (!size) {
		*ret = store->base;
		return SNAP_OK;
	}
	uint64_t nr_chunks = chunk_index(start + size - 1) - chunk_index(start) + 1;
	uint64_t nr = size / SNAP_PAGE_SIZE;
	uint32_t slot;
	SNAP_TRY(room == TO_WRITE ? snap_store_take_to_write(store, nr, &slot)
				  : snap_store_take(store, nr, &slot));
	snap_err error = snap_map_prepare(memory, nr_chunks, nr_chunks + 1);
	// A full disk is better known now than when the process has run on; blocks of a
	// file are reserved in no time.
	if (!error && (room == BACKED || store->folder))
		error = snap_store_back(store, snap_store_bytes(store, slot), size);
	if (error) {
		for (uint64_t i = 0; i < nr; i++)
			snap_store_release(store, slot + (uint32_t)i);
		snap_store_flush(store);
		return error;
	}
	enter(memory, start, slot, nr);
	memory->size += size;
	*ret = snap_store_bytes(store, slot);
	return SNAP_OK;
}

snap_err snap_memory_append(struct snap_memory *memory, uint64_t start, uint64_t size,
			    uint8_t **ret)
{
	return append(memory, start, size, BACKED, ret);
}

snap_err snap_memory_append_unbacked(struct snap_memory *memory, uint64_t start,
				     uint64_t size, uint8_t **ret)
{
	return append(memory, start, size, UNBACKED, ret);
}

snap_err snap_memory_append_to_write(struct snap_memory *memory, uint64_t start,
				     uint64_t size, uint8_t **ret)
{
	return append(memory, start, size, TO_WRITE, ret);
}

/** Forget the last pages of the last chunk, at most `nr`; returns how many. */
static uint64_t drop_from_last(struct snap_memory *memory, uint64_t nr)
{
	struct snap_store *store = memory->store;
	struct snap_map *map = memory->map;
	uint32_t chunk = map->entries[map->nr - 1].chunk;
	struct snap_chunk_count *count = &store->chunks.counts[chunk];
	uint32_t *slots = snap_chunk_at(&store->chunks, chunk)->slots;
	assert(map->refs == 1 && count->refs == 1);
	size_t end = SNAP_CHUNK_PAGES, first;
	while (!slots[end - 1])
		end--;
	for (first = end; first && slots[first - 1] && end - first < nr;)
		first--;
	// In the order of slots, so that they go back in one piece.
	for (size_t i = first; i < end; i++) {
		snap_store_release(store, slots[i]);
		slots[i] = 0;
	}
	count->nr_held -= (uint32_t)(end - first);
	if (!count->nr_held) {
		map->nr--;
		snap_map_release_chunk(store, chunk);
	}
	return end - first;
}

void snap_memory_drop_last(struct snap_memory *memory, uint64_t size)
{
	assert(size <= memory->size && !(size % SNAP_PAGE_SIZE));
	memory->size -= size;
	for (uint64_t nr = size / SNAP_PAGE_SIZE; nr;)
		nr -= drop_from_last(memory, nr);
	if (memory->store)
		snap_store_flush(memory->store);
}

void snap_memory_trim(struct snap_memory *memory)
{
	struct snap_map *map = memory->map;
	if (!map || map->refs > 1 || map->nr == map->capacity)
		return;
	struct snap_map *smaller =
		realloc(map, sizeof(*map) + map->nr * sizeof(*map->entries));
	if (!smaller)
		return;
	smaller->capacity = smaller->nr;
	memory->map = smaller;
}

void snap_memory_make_spare(const struct snap_memory *memory, uint64_t nr_pages)
{
	if (memory->store)
		snap_spare_make(memory->store, nr_pages, snap_map_nr(memory));
}

/** Share the pages of one chunk from `first` to before `end`. */
static void share_pages(struct snap_memory *to, const struct snap_memory *from,
			size_t from_entry, size_t first, size_t end)
{
	struct snap_store *store = to->store;
	struct snap_chunks *chunks = &store->chunks;
	const struct snap_map_entry *entry = &from->map->entries[from_entry];
	struct snap_map *map = to->map;
	if (!first && end == SNAP_CHUNK_PAGES) {
		chunks->counts[entry->chunk].refs++;
		map->entries[map->nr++] = *entry;
		to->size +=
			(uint64_t)chunks->counts[entry->chunk].nr_held * SNAP_PAGE_SIZE;
		return;
	}
	const uint32_t *slots = snap_map_slots(from, from_entry);
	while (first < end && !slots[first])
		first++;
	if (first == end)
		return;
	size_t mine = snap_map_last_entry(to, entry->index);
	uint32_t chunk = map->entries[mine].chunk;
	uint32_t *to_slots = snap_chunk_at(chunks, chunk)->slots;
	for (size_t i = first; i < end; i++) {
		if (!slots[i])
			continue;
		to_slots[i] = slots[i];
		chunks->counts[chunk].nr_held++;
		snap_store_hold(store, slots[i]);
		to->size += SNAP_PAGE_SIZE;
	}
}

snap_err snap_memory_share(struct snap_memory *to, const struct snap_memory *from,
			   uint64_t start, uint64_t end)
{
	assert(!((start | end) % SNAP_PAGE_SIZE) && is_behind(to, start));
	if (start >= end || !snap_map_nr(from))
		return SNAP_OK;
	if (!to->store)
		to->store = snap_store_ref(from->store);
	assert(to->store == from->store);
	SNAP_TRY(snap_arrivals_add_all(&to->arrivals, from->arrivals));
	uint64_t last = chunk_index(end - 1);
	size_t entry = snap_map_find(from, chunk_index(start));
	size_t behind = snap_map_find(from, last + 1);
	// The first and the last chunk may be shared in part, behind pages of ours.
	SNAP_TRY(snap_map_prepare(to, behind - entry, 3));
	for (; entry < behind; entry++) {
		uint64_t index = from->map->entries[entry].index;
		size_t first = index == chunk_index(start) ? page_index(start) : 0;
		size_t pages =
			index == last ? page_index(end - 1) + 1 : SNAP_CHUNK_PAGES;
		share_pages(to, from, entry, first, pages);
	}
	return SNAP_OK;
}

void snap_memory_remember(struct snap_memory *to, const struct snap_memory *from)
{
	assert(!to->map);
	snap_store_ref(from->store);
	snap_arrivals_ref(from->arrivals);
	snap_arrivals_unref(to->arrivals);
	snap_store_unref(to->store);
	*to = *from;
	if (to->map)
		to->map->refs++;
}

/** Make a page one that nobody else holds. */
static snap_err own_page(struct snap_memory *memory, size_t entry, size_t page)
{
	struct snap_store *store = memory->store;
	SNAP_TRY(snap_map_prepare(memory, 0, 1));
	snap_map_own_chunk(memory, entry);
	uint32_t old = snap_map_slots(memory, entry)[page], slot;
	if (store->slot_refs[old] == 1)
		return SNAP_OK;
	SNAP_TRY(snap_store_take(store, 1, &slot));
	uint8_t *bytes = snap_store_bytes(store, slot);
	snap_err error = snap_store_back(store, bytes, SNAP_PAGE_SIZE);
	if (error) {
		snap_store_release(store, slot);
		return error;
	}
	memcpy(bytes, snap_store_bytes(store, old), SNAP_PAGE_SIZE);
	snap_chunk_at(&store->chunks, memory->map->entries[entry].chunk)->slots[page] =
		slot;
	snap_store_release(store, old);
	return SNAP_OK;
}

snap_err snap_memory_write(struct snap_memory *memory, uint64_t address,
			   const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	for (size_t here; size; address += here, from += here, size -= here) {
		here = SNAP_PAGE_SIZE - address % SNAP_PAGE_SIZE;
		if (here > size)
			here = size;
		uint64_t held;
		const uint8_t *old = snap_memory_at(memory, address, &held);
		if (!old || !memcmp(old, from, here))
			continue;
		size_t entry = snap_map_find(memory, chunk_index(address));
		size_t page = page_index(address);
		SNAP_TRY(own_page(memory, entry, page));
		uint32_t slot = snap_map_slots(memory, entry)[page];
		memcpy(snap_store_bytes(memory->store, slot) + address % SNAP_PAGE_SIZE,
		       from, here);
	}
	return SNAP_OK;
}
