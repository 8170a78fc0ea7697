// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/history.h"

#include "core/model/page.h"

void snap_history_init(struct snap_history *history, struct snap_store *store)
{
	*history = (struct snap_history){
		.store = snap_store_ref(store),
		.tracker = { .uffd = -1 },
	};
}

void snap_history_deinit(struct snap_history *history)
{
	snap_history_forget(history);
	snap_store_unref(history->store);
	history->store = NULL;
}

void snap_history_let_go(struct snap_history *history)
{
	snap_tracker_deinit(&history->tracker);
	snap_ranges_deinit(&history->unsure);
	history->is_tracking = false;
}

void snap_history_forget(struct snap_history *history)
{
	history->pid = 0;
	snap_memory_deinit(&history->baseline);
	snap_history_let_go(history);
}

bool snap_history_is_of(const struct snap_history *history,
			const struct snap_identity *identity)
{
	return history->pid == identity->pid &&
	       history->start_time == identity->start_time;
}

void snap_history_meet(struct snap_history *history,
		       const struct snap_identity *identity)
{
	if (snap_history_is_of(history, identity))
		return;
	snap_history_forget(history);
	history->pid = identity->pid;
	history->start_time = identity->start_time;
}

snap_err snap_history_check(struct snap_history *history, struct snap_tracee *tracee,
			    const struct snap_snapshot *process)
{
	bool is_fit = history->is_tracking;
	if (is_fit)
		SNAP_TRY(snap_tracker_is_fit(&history->tracker, tracee, process,
					     &is_fit));
	if (!is_fit)
		snap_history_let_go(history);
	snap_tracker_use(&history->tracker, tracee);
	return SNAP_OK;
}

snap_err snap_history_track(struct snap_history *history, struct snap_tracee *tracee,
			    const struct snap_snapshot *process)
{
	SNAP_TRY(snap_history_check(history, tracee, process));
	if (history->is_tracking)
		return SNAP_OK;
	SNAP_TRY(
		snap_tracker_start(tracee, process, history->rungs, &history->tracker));
	history->is_tracking = true;
	snap_tracker_use(&history->tracker, tracee);
	return SNAP_OK;
}

snap_err snap_history_doubt(struct snap_history *history,
			    const struct snap_tracee *tracee,
			    const struct snap_range *skips, size_t nr)
{
	snap_ranges_deinit(&history->unsure);
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(snap_ranges_append(&history->unsure,
					    snap_page_down(skips[i].start,
							   tracee->page_size),
					    snap_page_up(skips[i].start + skips[i].size,
							 tracee->page_size)));
	return SNAP_OK;
}

bool snap_history_is_known(const struct snap_history *history)
{
	return history->tracker.is_marked && history->baseline.store;
}

void snap_history_set(struct snap_history *history,
		      const struct snap_snapshot *snapshot)
{
	snap_history_meet(history, &snapshot->identity);
	snap_memory_deinit(&history->baseline);
	snap_memory_remember(&history->baseline, &snapshot->memory);
}

/** Where the baseline and another snapshot differ, nothing is known of the latter. */
static snap_err doubt_differences(struct snap_history *history,
				  const struct snap_memory *other)
{
	_cleanup_ranges_ struct snap_ranges differ = { 0 }, before = history->unsure;
	history->unsure = (struct snap_ranges){ 0 };
	SNAP_TRY(snap_memory_differ(&history->baseline, other, 0, UINT64_MAX, &differ));
	return snap_ranges_unite(&before, &differ, &history->unsure);
}

void snap_history_leave(struct snap_history *history,
			const struct snap_snapshot *snapshot,
			const struct snap_snapshot *other)
{
	if (!other) {
		snap_history_forget(history);
		return;
	}
	if (!history->baseline.map ||
	    !snap_memory_is_same(&history->baseline, &snapshot->memory))
		return;
	_cleanup_error_ snap_err error = doubt_differences(history, &other->memory);
	if (error)
		snap_tracker_forget(&history->tracker);
	snap_memory_deinit(&history->baseline);
	snap_memory_remember(&history->baseline, &other->memory);
}
