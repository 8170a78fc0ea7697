// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/lanes.h"

#include <sched.h>

#include "core/base/worker.h"

/** One of ours, beside the calling thread. */
struct helper {
	struct snap_worker worker;
	struct snap_lanes *lanes;
	size_t number;
};

static size_t count_processors(void)
{
	cpu_set_t set;
	// More than fit into the set are enough.
	return sched_getaffinity(0, sizeof(set), &set) ? SNAP_LANES_MAX
						       : (size_t)CPU_COUNT(&set);
}

static void fail(struct snap_lanes *lanes, snap_err error)
{
	if (atomic_exchange(&lanes->has_failed, true))
		snap_error_destroy(error);
	else
		lanes->error = error;
	atomic_store(&lanes->next, lanes->nr_pieces);
}

/** Take the next piece. @param[out] ret_is_over There was none. */
static snap_err take_one(struct snap_lanes *lanes, size_t number, bool *ret_is_over)
{
	const struct snap_lane lane = { number, atomic_fetch_add(&lanes->next, 1) };
	uint64_t done = 0;
	*ret_is_over = lane.index >= lanes->nr_pieces;
	if (*ret_is_over)
		return SNAP_OK;
	SNAP_TRY(lanes->step(lanes->context, &lane, &done));
	atomic_fetch_add(&lanes->done, done);
	return SNAP_OK;
}

/** @param progress Whom to tell; NULL: nobody. */
static void take_all(struct snap_lanes *lanes, size_t number,
		     const struct snap_progress *progress)
{
	for (bool is_over = false; !is_over;) {
		snap_err error = take_one(lanes, number, &is_over);
		if (!error && !is_over)
			error = snap_progress_report(progress, lanes->phase,
						     atomic_load(&lanes->done),
						     lanes->total);
		if (error)
			fail(lanes, error);
	}
}

static snap_err help(void *context)
{
	struct helper *helper = context;
	take_all(helper->lanes, helper->number, NULL);
	return SNAP_OK;
}

snap_err snap_lanes_run(struct snap_lanes *lanes, size_t most)
{
	struct helper helpers[SNAP_LANES_MAX - 1];
	size_t nr = count_processors();
	nr = nr < most ? nr : most;
	nr = nr < lanes->nr_pieces ? nr : lanes->nr_pieces;
	nr = nr < SNAP_LANES_MAX ? nr : SNAP_LANES_MAX;
	for (size_t i = 0; i + 1 < nr; i++) {
		helpers[i].lanes = lanes;
		helpers[i].number = i + 1;
		snap_worker_init(&helpers[i].worker);
		snap_worker_start(&helpers[i].worker, "snapshot-lane", help,
				  &helpers[i]);
	}
	take_all(lanes, 0, lanes->progress);
	for (size_t i = 0; i + 1 < nr; i++)
		snap_worker_deinit(&helpers[i].worker);
	return lanes->error;
}
