// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/spare.h"

#include <stdlib.h>

#include "core/base/worker.h"
#include "core/model/store.h"

/** So few are not worth a thread; so many are enough to have beside what is in use. */
#define FEWEST 16u
#define MOST   4096u

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

uint64_t snap_spare_coming(const struct snap_spare *spare)
{
	return is_made(spare) ? 0 : (uint64_t)spare->nr_coming * SNAP_PAGE_SIZE;
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

void snap_spare_deinit(struct snap_spare *spare)
{
	if (spare->worker)
		snap_worker_deinit(spare->worker);
	free(spare->worker);
	*spare = (struct snap_spare){ 0 };
}

/** What has been made takes the place of what was there: that goes back first. */
static void adopt(struct snap_store *store)
{
	struct snap_spare *spare = &store->spare, old = *spare;
	if (!is_made(spare))
		return;
	bool has_failed = spare->worker->error;
	snap_spare_deinit(spare);
	if (!has_failed)
		*spare = (struct snap_spare){
			.first = old.first_coming,
			.taken = old.first_coming,
			.end = old.first_coming + old.nr_coming,
		};
	else
		give_back(store, old.first_coming, old.nr_coming);
	give_back(store, old.first, count(&old));
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

/** Begin to make some; without them nothing is lost but time. */
static void start(struct snap_store *store, uint32_t nr)
{
	struct snap_spare *spare = &store->spare;
	struct snap_worker *worker = calloc(1, sizeof(*worker));
	snap_err error =
		worker ? snap_store_take(store, nr, &spare->first_coming) : SNAP_OK;
	if (!worker || error) {
		snap_error_destroy(error);
		free(worker);
		return;
	}
	store->nr_used -= nr;
	set_refs(store, spare->first_coming, nr, SNAP_SLOT_SPARE);
	spare->nr_coming = nr;
	snap_worker_init(worker);
	spare->worker = worker;
	snap_worker_start(worker, "snapshot-spare", make, store);
}

void snap_spare_make(struct snap_store *store, uint64_t nr)
{
	struct snap_spare *spare = &store->spare;
	uint32_t wanted = nr < MOST ? (uint32_t)nr : MOST;
	adopt(store);
	if (!store->folder && !spare->worker && wanted >= FEWEST &&
	    wanted > count(spare))
		start(store, wanted);
}

void snap_spare_drop(struct snap_store *store)
{
	struct snap_spare old = store->spare;
	snap_spare_deinit(&store->spare);
	give_back(store, old.first_coming, old.nr_coming);
	give_back(store, old.first, count(&old));
}
