// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/spare.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/worker.h"
#include "core/model/map.h"
#include "core/model/store.h"

/** So few are not worth a thread; so many are enough to have beside what is in use. */
#define FEWEST 16u
#define MOST   4096u

/** Of entries of a map: so few are not worth memory, so few not a thread of their own.
 */
#define FEWEST_ENTRIES 1024u
#define MANY_ENTRIES   8192u

/** Slots that are made at once: as long, others wait who map memory. */
#define STEP 64u

static uint32_t count(const struct snap_spare *spare)
{
	return spare->end - spare->first;
}

/** Made, but not taken over yet. */
static bool is_made(const struct snap_spare *spare)
{
	return spare->worker && snap_worker_is_over(spare->worker);
}

uint64_t snap_spare_size(const struct snap_spare *spare)
{
	uint64_t nr = is_made(spare) ? spare->nr_coming : count(spare);
	return nr * SNAP_PAGE_SIZE;
}

static size_t map_size(const struct snap_map *map)
{
	return map ? sizeof(*map) + map->capacity * sizeof(*map->entries) : 0;
}

uint64_t snap_spare_coming(const struct snap_spare *spare)
{
	uint64_t tables = (spare->block_coming ? SNAP_BLOCK_SIZE : 0) +
			  map_size(spare->map_coming);
	return is_made(spare) ? 0
			      : (uint64_t)spare->nr_coming * SNAP_PAGE_SIZE + tables;
}

static void set_refs(struct snap_store *store, uint32_t first, uint32_t nr,
		     uint32_t refs)
{
	for (uint32_t i = 0; i < nr; i++)
		store->slot_refs[first + i] = refs;
}

/** Slots of ours are nobody's again, and go back to the kernel. */
static void give_back(struct snap_store *store, uint32_t first, uint32_t nr)
{
	set_refs(store, first, nr, 0);
	snap_store_give_back(store, first, nr);
}

/** Nobody writes to anything any more. */
static void end_worker(struct snap_spare *spare)
{
	if (spare->worker)
		snap_worker_deinit(spare->worker);
	free(snap_take(spare->worker));
}

void snap_spare_deinit(struct snap_spare *spare)
{
	end_worker(spare);
	free(spare->map);
	free(spare->map_coming);
	free(spare->block_coming);
	*spare = (struct snap_spare){ 0 };
}

/**
 * Pages that have been made are added to those that are there, or take their place:
 * what does not lie before them goes back.
 */
static void adopt_pages(struct snap_store *store)
{
	struct snap_spare *spare = &store->spare;
	uint32_t first = spare->first_coming, nr = spare->nr_coming;
	uint32_t old = spare->first, nr_old = count(spare);
	spare->first_coming = spare->nr_coming = 0;
	if (!nr)
		return;
	if (nr_old && first == spare->end) {
		spare->end += nr;
		return;
	}
	spare->first = spare->taken = first;
	spare->end = first + nr;
	give_back(store, old, nr_old);
}

static void adopt_tables(struct snap_store *store)
{
	struct snap_spare *spare = &store->spare;
	struct snap_map *map = snap_take(spare->map_coming);
	struct snap_chunk *block = snap_take(spare->block_coming);
	if (map) {
		free(spare->map);
		spare->map = map;
	}
	snap_err error = block ? snap_chunks_add_block(&store->chunks, block) : SNAP_OK;
	if (error)
		free(block);
	snap_error_destroy(error);
}

/** Have what the worker has made, if it is over. */
static void adopt(struct snap_store *store)
{
	struct snap_spare *spare = &store->spare;
	if (!is_made(spare))
		return;
	bool has_failed = spare->worker->error;
	end_worker(spare);
	if (has_failed) {
		give_back(store, spare->first_coming, spare->nr_coming);
		spare->first_coming = spare->nr_coming = 0;
	}
	adopt_pages(store);
	adopt_tables(store);
}

struct snap_map *snap_spare_take_map(struct snap_store *store, size_t capacity)
{
	struct snap_spare *spare = &store->spare;
	adopt(store);
	return spare->map && spare->map->capacity >= capacity ? snap_take(spare->map)
							      : NULL;
}

bool snap_spare_take(struct snap_store *store, uint64_t nr, uint32_t *ret_first)
{
	struct snap_spare *spare = &store->spare;
	adopt(store);
	if (nr > count(spare))
		return false;
	*ret_first = spare->first;
	set_refs(store, spare->first, (uint32_t)nr, 1);
	spare->first += (uint32_t)nr;
	return true;
}

bool snap_spare_peek(struct snap_store *store, uint64_t nr, uint32_t *ret_first)
{
	const struct snap_spare *spare = &store->spare;
	adopt(store);
	*ret_first = spare->first;
	// What is still being made may take their place at any moment.
	return !spare->worker && nr <= count(spare);
}

bool snap_spare_backs(const struct snap_store *store, uint64_t first, uint64_t end)
{
	return store->spare.taken <= first && end <= store->spare.first;
}

bool snap_spare_put_back(struct snap_store *store, uint32_t first, uint32_t nr)
{
	struct snap_spare *spare = &store->spare;
	if (first + nr != spare->first || first < spare->taken)
		return false;
	set_refs(store, first, nr, SNAP_SLOT_SPARE);
	spare->first = first;
	return true;
}

void snap_spare_forget(struct snap_store *store, uint64_t first, uint64_t end)
{
	struct snap_spare *spare = &store->spare;
	if (first < spare->first && spare->taken < end)
		spare->taken = spare->first;
}

static snap_err make(void *context)
{
	const struct snap_store *store = context;
	const struct snap_spare *spare = &store->spare;
	if (spare->map_coming)
		memset(spare->map_coming->entries, 0,
		       spare->map_coming->capacity * sizeof(struct snap_map_entry));
	if (spare->block_coming)
		memset(spare->block_coming, 0, SNAP_BLOCK_SIZE);
	for (uint32_t done = 0; done < spare->nr_coming; done += STEP) {
		uint32_t left = spare->nr_coming - done;
		if (snap_worker_is_cancelled(spare->worker))
			return &snap_enomem;
		SNAP_TRY(snap_store_back(store,
					 snap_store_bytes(store,
							  spare->first_coming + done),
					 (uint64_t)(left < STEP ? left : STEP) *
						 SNAP_PAGE_SIZE));
	}
	return SNAP_OK;
}

/** What is to be made; all 0: nothing. */
struct wanted {
	uint32_t nr_pages;
	size_t nr_entries;
	bool has_block;
};

static struct wanted find_wanted(const struct snap_store *store, uint64_t nr,
				 size_t nr_entries)
{
	const struct snap_spare *spare = &store->spare;
	// Some more are read than turn out to be new.
	uint32_t nr_pages = (uint32_t)(nr < MOST ? nr + nr / 16 : MOST);
	bool are_few = nr < FEWEST;
	bool has_pages = are_few || nr_pages <= count(spare);
	bool has_room = are_few || nr_pages <= snap_chunks_room(&store->chunks);
	bool has_map = nr_entries < FEWEST_ENTRIES ||
		       (spare->map && spare->map->capacity >= nr_entries);
	if (has_pages && has_room && (has_map || nr_entries < MANY_ENTRIES))
		return (struct wanted){ 0 };
	return (struct wanted){
		.nr_pages = has_pages ? 0 : nr_pages + nr_pages / 16,
		.nr_entries = has_map ? 0 : nr_entries,
		.has_block = !has_room,
	};
}

/** Take slots that will be spare. */
static snap_err take_slots(struct snap_store *store, uint32_t nr, uint32_t *ret_first)
{
	SNAP_TRY(snap_store_take(store, nr, ret_first));
	store->nr_used -= nr;
	set_refs(store, *ret_first, nr, SNAP_SLOT_SPARE);
	return SNAP_OK;
}

/** Have slots for the worker, so that there are `nr` in a row. */
static snap_err take_pages(struct snap_store *store, uint32_t nr)
{
	struct snap_spare *spare = &store->spare;
	uint32_t first, missing = nr - count(spare);
	SNAP_TRY(take_slots(store, missing, &first));
	if (first != spare->end && missing < nr) {
		give_back(store, first, missing);
		missing = nr;
		SNAP_TRY(take_slots(store, missing, &first));
	}
	spare->first_coming = first;
	spare->nr_coming = missing;
	return SNAP_OK;
}

/** Memory of our own for the worker, as far as there is some. */
static void get_tables(struct snap_spare *spare, struct wanted wanted)
{
	// Some room to grow in.
	size_t capacity = wanted.nr_entries + wanted.nr_entries / 8;
	if (wanted.nr_entries)
		spare->map_coming = malloc(sizeof(struct snap_map) +
					   capacity * sizeof(struct snap_map_entry));
	if (spare->map_coming)
		*spare->map_coming = (struct snap_map){ .capacity = capacity };
	if (wanted.has_block)
		spare->block_coming = malloc(SNAP_BLOCK_SIZE);
}

/** Begin to make some; without them nothing is lost but time. */
static void start(struct snap_store *store, struct wanted wanted)
{
	struct snap_worker *worker = calloc(1, sizeof(*worker));
	snap_err error = worker && wanted.nr_pages ? take_pages(store, wanted.nr_pages)
						   : SNAP_OK;
	if (!worker || error) {
		snap_error_destroy(error);
		free(worker);
		return;
	}
	get_tables(&store->spare, wanted);
	snap_worker_init(worker);
	store->spare.worker = worker;
	snap_worker_start(worker, "snapshot-spare", make, store);
}

void snap_spare_make(struct snap_store *store, uint64_t nr, size_t nr_entries)
{
	adopt(store);
	struct wanted wanted = find_wanted(store, nr, nr_entries);
	bool is_any = wanted.nr_pages || wanted.nr_entries || wanted.has_block;
	if (!store->folder && !store->spare.worker && is_any)
		start(store, wanted);
}

void snap_spare_drop(struct snap_store *store)
{
	struct snap_spare *spare = &store->spare;
	end_worker(spare);
	struct snap_spare old = *spare;
	snap_spare_deinit(spare);
	give_back(store, old.first_coming, old.nr_coming);
	give_back(store, old.first, count(&old));
}
