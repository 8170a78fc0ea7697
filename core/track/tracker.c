// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/track/tracker.h"

#include <string.h>

#include "core/tracee/proc.h"
#include "core/tracee/writes.h"
#include "core/track/obstacles.h"
#include "core/track/rungs.h"

static const struct snap_rung_ops contents = { .name = "contents" };

static const struct snap_rung_ops *const rungs[SNAP_NR_RUNGS] = {
	[SNAP_RUNG_USERFAULTFD] = &snap_rung_userfaultfd,
	[SNAP_RUNG_SOFT_DIRTY] = &snap_rung_soft_dirty,
	[SNAP_RUNG_CONTENTS] = &contents,
};

const char *snap_rung_name(enum snap_rung rung)
{
	return rungs[rung]->name;
}

snap_err snap_tracker_is_fit(const struct snap_tracker *tracker,
			     struct snap_tracee *tracee,
			     const struct snap_snapshot *process, bool *ret)
{
	bool is_alive = true;
	if (tracker->uffd >= 0)
		SNAP_TRY(snap_writes_is_alive(tracee, tracker->uffd,
					      process->vmas.list[0].start, &is_alive));
	*ret = is_alive && !snap_find_obstacle(process, tracker->rung);
	return SNAP_OK;
}

static snap_err note_why(struct snap_tracker *tracker, enum snap_rung rung,
			 const char *why)
{
	tracker->why_not[rung] = strdup(why);
	return tracker->why_not[rung] ? SNAP_OK : &snap_enomem;
}

static snap_err try_rung(struct snap_tracee *tracee,
			 const struct snap_snapshot *process, enum snap_rung rung,
			 unsigned int wanted, struct snap_tracker *tracker,
			 bool *ret_is_used)
{
	const char *why = wanted & SNAP_RUNG_BIT(rung)
				  ? snap_find_obstacle(process, rung)
				  : "another way was chosen";
	if (!why)
		SNAP_TRY(rungs[rung]->start(tracee, process, tracker, &why));
	*ret_is_used = !why;
	if (why)
		return note_why(tracker, rung, why);
	tracker->rung = rung;
	return SNAP_OK;
}

snap_err snap_tracker_start(struct snap_tracee *tracee,
			    const struct snap_snapshot *process, unsigned int wanted,
			    struct snap_tracker *ret)
{
	_cleanup_tracker_ struct snap_tracker tracker = {
		.rung = SNAP_RUNG_CONTENTS,
		.uffd = -1,
	};
	bool is_used = false;
	for (enum snap_rung rung = 0; rung < SNAP_RUNG_CONTENTS && !is_used; rung++)
		SNAP_TRY(try_rung(tracee, process, rung, wanted, &tracker, &is_used));
	*ret = tracker;
	tracker = (struct snap_tracker){ .uffd = -1 };
	return SNAP_OK;
}

void snap_tracker_deinit(struct snap_tracker *tracker)
{
	snap_close_cleanup(&tracker->uffd);
	for (size_t i = 0; i < SNAP_NR_RUNGS; i++)
		free(tracker->why_not[i]);
	*tracker = (struct snap_tracker){ .rung = SNAP_RUNG_CONTENTS, .uffd = -1 };
}

static snap_err ask_rung(struct snap_tracker *tracker, struct snap_tracee *tracee,
			 const struct snap_vmas *vmas, bool knows,
			 const struct snap_writes_told *told, struct snap_ranges *ret)
{
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (knows && snap_rung_knows(vma))
			SNAP_TRY(rungs[tracker->rung]->changed(tracker, tracee, vma,
							       told, ret));
		else
			SNAP_TRY(snap_ranges_append(ret, vma->start, vma->end));
	}
	return SNAP_OK;
}

/** Whether the process has memory that devices write to. */
static snap_err read_state(struct snap_tracee *tracee, bool *ret_is_pinned,
			   bool *ret_is_swapped)
{
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	*ret_is_pinned = status.pinned;
	*ret_is_swapped = status.swapped;
	return SNAP_OK;
}

snap_err snap_tracker_changed(struct snap_tracker *tracker, struct snap_tracee *tracee,
			      const struct snap_vmas *vmas,
			      const struct snap_writes_told *told,
			      struct snap_ranges *ret)
{
	bool knows = tracker->is_marked && tracker->rung != SNAP_RUNG_CONTENTS;
	bool is_pinned = false, is_swapped = false, was_careful = tracker->is_careful;
	if (knows && rungs[tracker->rung]->check)
		SNAP_TRY(rungs[tracker->rung]->check(tracker, tracee, &knows));
	_cleanup_ranges_ struct snap_ranges ranges = { 0 };
	SNAP_TRY(ask_rung(tracker, tracee, vmas, knows, told, &ranges));
	if (knows)
		// Afterwards: what goes to swap from here on does no harm.
		SNAP_TRY(read_state(tracee, &is_pinned, &is_swapped));
	if (is_pinned || (is_swapped && !was_careful)) {
		tracker->is_careful = true;
		ranges.nr = 0;
		snap_err error =
			ask_rung(tracker, tracee, vmas, !is_pinned, NULL, &ranges);
		tracker->is_careful = was_careful;
		SNAP_TRY(error);
	}
	*ret = ranges;
	ranges = (struct snap_ranges){ 0 };
	return SNAP_OK;
}

snap_err snap_tracker_mark(struct snap_tracker *tracker, struct snap_tracee *tracee,
			   const struct snap_vmas *vmas,
			   const struct snap_ranges *changed,
			   struct snap_ranges *ret_there)
{
	if (tracker->rung == SNAP_RUNG_CONTENTS)
		return SNAP_OK;
	tracker->is_marked = false;
	bool is_pinned, is_swapped;
	SNAP_TRY(read_state(tracee, &is_pinned, &is_swapped));
	if (is_pinned)
		return SNAP_OK;
	_cleanup_ranges_ struct snap_ranges there = { 0 };
	SNAP_TRY(rungs[tracker->rung]->mark(tracker, tracee, vmas, changed, &there));
	tracker->is_marked = true;
	*ret_there = there;
	there = (struct snap_ranges){ 0 };
	return SNAP_OK;
}

/** Whether the short way can be trusted now. */
static snap_err is_plain(const struct snap_tracker *tracker, struct snap_tracee *tracee,
			 bool *ret)
{
	bool is_pinned, is_swapped;
	SNAP_TRY(read_state(tracee, &is_pinned, &is_swapped));
	*ret = !is_pinned && !is_swapped && !tracker->is_careful;
	return SNAP_OK;
}

/** @param[out] ret_is_done false: nothing was done, or it has to be done anew. */
static snap_err take_at_once(struct snap_tracker *tracker, struct snap_tracee *tracee,
			     const struct snap_vmas *vmas,
			     const struct snap_ranges *holes, struct snap_ranges *ret,
			     struct snap_ranges *ret_there, bool *ret_is_done)
{
	*ret_is_done = false;
	if (!tracker->is_marked || !rungs[tracker->rung]->take)
		return SNAP_OK;
	bool was_plain;
	SNAP_TRY(is_plain(tracker, tracee, &was_plain));
	if (!was_plain)
		return SNAP_OK;
	_cleanup_ranges_ struct snap_ranges changed = { 0 }, there = { 0 };
	tracker->is_marked = false;
	SNAP_TRY(rungs[tracker->rung]->take(tracker, tracee, vmas, holes, &changed,
					    &there));
	// Otherwise all counts as changed: what was marked at the time is not known.
	SNAP_TRY(is_plain(tracker, tracee, ret_is_done));
	if (!*ret_is_done)
		return SNAP_OK;
	tracker->is_marked = true;
	*ret = changed;
	*ret_there = there;
	changed = there = (struct snap_ranges){ 0 };
	return SNAP_OK;
}

snap_err snap_tracker_take(struct snap_tracker *tracker, struct snap_tracee *tracee,
			   const struct snap_vmas *vmas,
			   const struct snap_ranges *holes, struct snap_ranges *ret,
			   struct snap_ranges *ret_there)
{
	bool is_done;
	SNAP_TRY(take_at_once(tracker, tracee, vmas, holes, ret, ret_there, &is_done));
	if (is_done)
		return SNAP_OK;
	_cleanup_ranges_ struct snap_ranges changed = { 0 };
	SNAP_TRY(snap_tracker_changed(tracker, tracee, vmas, NULL, &changed));
	SNAP_TRY(snap_tracker_mark(tracker, tracee, vmas, &changed, ret_there));
	*ret = changed;
	changed = (struct snap_ranges){ 0 };
	return SNAP_OK;
}
