// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/restore.h"

#include <string.h>

#include "core/inject/arena.h"
#include "core/inject/land.h"
#include "core/inject/limits.h"
#include "core/inject/pending.h"
#include "core/inject/remap.h"
#include "core/inject/restorer.h"
#include "core/inject/syscall_insn.h"
#include "core/inject/tags.h"
#include "core/inject/widen.h"
#include "core/model/page.h"

static void deinit(struct snap_restorer *restorer)
{
	snap_undo_deinit(&restorer->undo);
	snap_memory_deinit(&restorer->lost);
	snap_ranges_deinit(&restorer->candidates);
	snap_ranges_deinit(&restorer->changed);
	snap_ranges_deinit(&restorer->there);
	snap_queues_deinit(&restorer->drained);
	snap_rewinder_deinit(&restorer->rewinder);
	for (size_t i = 0; i < restorer->nr_threads; i++)
		snap_borrowed_deinit(&restorer->threads[i]);
	free(restorer->threads);
}

snap_err snap_restore_room(const struct snap_cpu *cpu,
			   const struct snap_snapshot *image, size_t page_size,
			   size_t *ret)
{
	size_t room = page_size; // For what calls are told and answer.
	for (size_t i = 0; i < image->nr_threads; i++) {
		size_t size;
		SNAP_TRY(image->arch->sigframe_size(cpu, &image->threads[i], &size));
		if (size > room)
			room = size;
	}
	*ret = SNAP_ROOM_OVERHEAD(page_size) + snap_page_up(room, page_size);
	return SNAP_OK;
}

/** The thread as it shall be, for a frame: what the image does not know stays as it is.
 */
static struct snap_thread wanted_thread(const struct snap_restorer *restorer,
					size_t index)
{
	struct snap_thread wanted = restorer->plan->image->threads[index];
	const struct snap_thread *live =
		snap_snapshot_thread(restorer->plan->live, wanted.tid);
	if (!snap_thread_has(&wanted, SNAP_THREAD_ALTSTACK)) {
		wanted.altstack = live->altstack;
		wanted.members |= live->members & SNAP_THREAD_ALTSTACK;
	}
	if (!snap_thread_has(&wanted, SNAP_THREAD_SIGMASK)) {
		wanted.sigmask = live->sigmask;
		wanted.members |= live->members & SNAP_THREAD_SIGMASK;
	}
	return wanted;
}

static snap_err undo_memory(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_unwind_memory(&restorer->rewinder);
}

static snap_err undo_tags(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_rewind_tags(restorer->tracee, restorer->plan->live);
}

/** The frame brings the altstack back; the rest is brought back by the return. */
static snap_err undo_land(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	struct snap_borrowed *borrowed = &restorer->threads[values[0]];
	const struct snap_thread *live =
		snap_snapshot_thread(restorer->plan->live, borrowed->thread.tid);
	// What is pending must not stop it in the middle of what it does for us.
	SNAP_TRY(snap_borrowed_block(borrowed));
	SNAP_TRY(snap_land(borrowed, &restorer->plan->live->cpu, live,
			   restorer->room.data));
	return snap_borrowed_block(borrowed);
}

static snap_err undo_borrow(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_borrowed_return(&restorer->threads[values[0]]);
}

static snap_err borrow_thread(struct snap_restorer *restorer, pid_t tid, uint64_t insn)
{
	size_t index = restorer->nr_threads;
	SNAP_TRY(snap_progress_report(restorer->rewinder.progress, "Taking threads",
				      index, restorer->plan->live->nr_threads));
	SNAP_TRY(snap_restorer_reserve(restorer));
	SNAP_TRY(snap_borrow(restorer->tracee, tid, insn, restorer->plan->live,
			     &restorer->threads[index]));
	restorer->nr_threads++;
	snap_restorer_push(restorer, "give a thread back", undo_borrow, NULL, index, 0,
			   0);
	return SNAP_OK;
}

static snap_err borrow_threads(struct snap_restorer *restorer)
{
	const struct snap_snapshot *image = restorer->plan->image;
	const struct snap_snapshot *live = restorer->plan->live;
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(restorer->tracee, &live->vmas, &insn));
	for (size_t i = 0; i < image->nr_threads; i++)
		SNAP_TRY(borrow_thread(restorer, image->threads[i].tid, insn));
	for (size_t i = 0; i < live->nr_threads; i++)
		if (!snap_snapshot_thread(image, live->threads[i].tid))
			SNAP_TRY(borrow_thread(restorer, live->threads[i].tid, insn));
	return SNAP_OK;
}

/** The pages that hold bytes which are not the program's: they differ in any case. */
static snap_err list_skipped(const struct snap_restorer *restorer,
			     struct snap_ranges *ret)
{
	uint64_t page_size = restorer->tracee->page_size;
	for (size_t i = 0; i < restorer->rewinder.nr_skips; i++) {
		const struct snap_range *skip = &restorer->rewinder.skips[i];
		SNAP_TRY(snap_ranges_append(ret, snap_page_down(skip->start, page_size),
					    snap_page_up(skip->start + skip->size,
							 page_size)));
	}
	return SNAP_OK;
}

/**
 * The pages that may differ from the image: those that have changed since the baseline,
 * and those that differ between it and the image; and all that were so before.
 */
static snap_err add_candidates(struct snap_restorer *restorer)
{
	const struct snap_past *past = restorer->past;
	_cleanup_ranges_ struct snap_ranges differ = { 0 }, skipped = { 0 },
					    some = { 0 }, unsure = { 0 }, all = { 0 };
	SNAP_TRY(snap_memory_differ(past->baseline, &restorer->plan->image->memory, 0,
				    UINT64_MAX, &differ));
	SNAP_TRY(list_skipped(restorer, &skipped));
	SNAP_TRY(snap_ranges_unite(&restorer->changed, &differ, &some));
	SNAP_TRY(snap_ranges_unite(&skipped, past->unsure, &unsure));
	SNAP_TRY(snap_ranges_unite(&some, &unsure, &all));
	_cleanup_ranges_ struct snap_ranges before = restorer->candidates;
	restorer->candidates = (struct snap_ranges){ 0 };
	SNAP_TRY(snap_ranges_unite(&before, &all, &restorer->candidates));
	restorer->rewinder.only = &restorer->candidates;
	return SNAP_OK;
}

/** Asked when the mappings are as in the image. */
static snap_err find_candidates(struct snap_restorer *restorer)
{
	const struct snap_past *past = restorer->past;
	if (!past)
		return SNAP_OK;
	SNAP_TRY(snap_tracker_changed(past->tracker, restorer->tracee,
				      &restorer->plan->image->vmas, NULL,
				      &restorer->changed));
	return add_candidates(restorer);
}

/**
 * Where pages may not exist now: of those that had changed, what the image does not
 * hold. The others have been written, or read.
 */
static snap_err find_holes(const struct snap_restorer *restorer,
			   struct snap_ranges *ret)
{
	const struct snap_memory *image = &restorer->plan->image->memory;
	for (size_t i = 0; i < restorer->changed.nr; i++) {
		const struct snap_range *range = &restorer->changed.list[i];
		uint64_t at = range->start, end = at + range->size;
		struct snap_run held;
		for (; snap_memory_next_piece(image, at, end, &held);
		     at = held.start + held.size)
			SNAP_TRY(snap_ranges_append(ret, at, held.start));
		SNAP_TRY(snap_ranges_append(ret, at, end));
	}
	return SNAP_OK;
}

/** Asked again, and marked, before memory is verified: with what was written since. */
static snap_err find_written_since(struct snap_restorer *restorer)
{
	const struct snap_past *past = restorer->past;
	if (!past)
		return SNAP_OK;
	_cleanup_ranges_ struct snap_ranges holes = { 0 };
	SNAP_TRY(find_holes(restorer, &holes));
	snap_ranges_deinit(&restorer->changed);
	SNAP_TRY(snap_tracker_take(past->tracker, restorer->tracee,
				   &restorer->plan->image->vmas, &holes,
				   &restorer->changed, &restorer->there));
	return add_candidates(restorer);
}

/**
 * Pages that are given back to the kernel lose their tags, whatever step does that: the
 * tags are put back behind all of them, also on the way back.
 */
static snap_err watch_tags(struct snap_restorer *restorer)
{
	if (!restorer->plan->live->tags.nr && !restorer->plan->image->tags.nr)
		return SNAP_OK;
	SNAP_TRY(snap_restorer_reserve(restorer));
	snap_restorer_push(restorer, "put back the tags of memory", undo_tags, NULL, 0,
			   0, 0);
	return SNAP_OK;
}

static snap_err rewind_memory(struct snap_restorer *restorer)
{
	SNAP_TRY(find_candidates(restorer));
	SNAP_TRY(snap_restorer_reserve(restorer));
	snap_restorer_push(restorer, "write memory back", undo_memory, NULL, 0, 0, 0);
	SNAP_TRY(snap_rewind_memory(&restorer->rewinder));
	return snap_rewind_tags(restorer->tracee, restorer->plan->image);
}

static snap_err verify_memory(struct snap_restorer *restorer)
{
	SNAP_TRY(find_written_since(restorer));
	return snap_verify_memory(&restorer->rewinder);
}

static snap_err land_thread(struct snap_restorer *restorer, size_t index)
{
	const struct snap_plan *plan = restorer->plan;
	struct snap_thread wanted = wanted_thread(restorer, index);
	struct snap_borrowed *borrowed = &restorer->threads[index];
	SNAP_TRY(snap_widen_thread(borrowed, &restorer->room, plan->image));
	return snap_land(borrowed, &plan->live->cpu, &wanted, restorer->room.data);
}

/** Those stay that nobody has moved: which they are is read of them now. */
static snap_err find_staying(struct snap_restorer *restorer, size_t index)
{
	const struct snap_plan *plan = restorer->plan;
	struct snap_thread wanted = wanted_thread(restorer, index);
	struct snap_borrowed *borrowed = &restorer->threads[index];
	bool is_needed;
	SNAP_TRY(snap_land_is_needed(borrowed, &plan->live->cpu, &wanted,
				     snap_snapshot_thread(plan->live, wanted.tid),
				     &is_needed));
	borrowed->stays = !is_needed;
	return SNAP_OK;
}

static snap_err land_threads(struct snap_restorer *restorer)
{
	for (size_t i = 0; i < restorer->plan->image->nr_threads; i++) {
		SNAP_TRY(snap_progress_report(restorer->rewinder.progress,
					      "Landing threads", i,
					      restorer->plan->image->nr_threads));
		SNAP_TRY(find_staying(restorer, i));
		if (restorer->threads[i].stays)
			continue;
		SNAP_TRY(snap_restorer_reserve(restorer));
		snap_restorer_push(restorer, "land a thread where it was", undo_land,
				   NULL, i, 0, 0);
		SNAP_TRY(land_thread(restorer, i));
	}
	return SNAP_OK;
}

static snap_err commit_with(struct snap_restorer *restorer,
			    struct snap_borrowed *worker)
{
	restorer->worker = worker;
	SNAP_TRY(snap_run_steps(restorer, SNAP_AT_COMMIT));
	return snap_arena_unmap(restorer);
}

/**
 * Do what cannot be undone. The thread that does it has been landed already: it is
 * borrowed from where it stands now, and given back to there.
 */
static snap_err commit(struct snap_restorer *restorer)
{
	struct snap_borrowed *first = restorer->worker;
	_cleanup_borrowed_ struct snap_borrowed again = { 0 };
	SNAP_TRY(snap_borrow(restorer->tracee, first->thread.tid, first->insn, NULL,
			     &again));
	snap_err error = commit_with(restorer, &again);
	restorer->worker = first;
	if (error)
		return error;
	// From here on there is no way back, so giving the thread back has to succeed.
	error = snap_borrowed_return(&again);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_error_prefix(
		snap_borrowed_return(&again),
		"the process was restored, but its first thread is lost");
}

static snap_err finish_once(struct snap_restorer *restorer, size_t index)
{
	struct snap_thread wanted = wanted_thread(restorer, index);
	struct snap_borrowed *borrowed = &restorer->threads[index];
	return borrowed->stays ? snap_land_stay(borrowed, &wanted)
			       : snap_land_finish(borrowed, &restorer->plan->live->cpu,
						  &wanted);
}

/** Once more when it failed: there is no way back. */
static snap_err finish_thread(struct snap_restorer *restorer, size_t index)
{
	snap_err error = finish_once(restorer, index);
	if (error) {
		snap_error_destroy(error);
		SNAP_TRY(finish_once(restorer, index));
	}
	snap_borrowed_keep(&restorer->threads[index]);
	return SNAP_OK;
}

/** As soon as one is there, no thread can be run any more without using it up. */
static snap_err queue_stops(struct snap_restorer *restorer)
{
	snap_err error = snap_queue_stops(restorer->tracee, restorer->plan->image);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_queue_stops(restorer->tracee, restorer->plan->image);
}

/**
 * What was started since ends, and the stops are made to look right. Nothing of the
 * program is touched any more.
 */
static snap_err finish(struct snap_restorer *restorer)
{
	_cleanup_error_ snap_err error = snap_run_last_steps(restorer);
	for (size_t i = 0; i < restorer->plan->image->nr_threads; i++)
		SNAP_TRY(finish_thread(restorer, i));
	SNAP_TRY(queue_stops(restorer));
	if (error)
		return snap_error_prefix(snap_take(error),
					 "the process was restored, but");
	return SNAP_OK;
}

/**
 * All threads are borrowed; steps, memory, steps; every thread is landed and compared.
 * Up to there everything can be undone.
 */
static snap_err run(struct snap_restorer *restorer, bool verifies_memory)
{
	SNAP_TRY(borrow_threads(restorer));
	SNAP_TRY(snap_widen_address_space(restorer));
	SNAP_TRY(snap_arena_map(restorer));
	SNAP_TRY(watch_tags(restorer));
	SNAP_TRY(snap_run_steps(restorer, SNAP_BEFORE_MEMORY));
	SNAP_TRY(snap_remap_foresee(restorer));
	SNAP_TRY(rewind_memory(restorer));
	SNAP_TRY(snap_run_steps(restorer, SNAP_AFTER_MEMORY));
	SNAP_TRY(snap_remap_verify(restorer));
	if (verifies_memory)
		SNAP_TRY(verify_memory(restorer));
	SNAP_TRY(snap_run_steps(restorer, SNAP_BEFORE_LANDING));
	SNAP_TRY(snap_narrow_limits(restorer));
	SNAP_TRY(land_threads(restorer));
	snap_err error = commit(restorer);
	if (!error)
		return SNAP_OK;
	// It has its landed mask again, and what is pending must not stop its undoing.
	_cleanup_error_ snap_err unblocked = snap_borrowed_block(restorer->worker);
	return error;
}

snap_err snap_restore_execute(struct snap_tracee *tracee, const struct snap_plan *plan,
			      const struct snap_past *past,
			      const struct snap_range *skips, size_t nr_skips,
			      bool verifies_memory,
			      const struct snap_progress *progress,
			      struct snap_notes *notes, struct snap_restore_counts *ret)
{
	_cleanup_(deinit) struct snap_restorer restorer = {
		.tracee = tracee,
		.plan = plan,
		.past = past,
		.notes = notes,
		.threads = calloc(plan->image->nr_threads + plan->live->nr_threads,
				  sizeof(*restorer.threads)),
	};
	if (!restorer.threads)
		return &snap_enomem;
	ret->is_committed = false;
	restorer.worker = &restorer.threads[0];
	restorer.rewinder = (struct snap_rewinder){
		.worker = restorer.worker,
		.room = &restorer.room,
		.image = plan->image,
		.live = plan->live,
		.skips = skips,
		.nr_skips = nr_skips,
		.verifies = verifies_memory,
		.progress = progress,
	};
	snap_err error = run(&restorer, verifies_memory);
	if (error)
		return snap_undo_run(&restorer.undo, &restorer, error);
	ret->is_committed = true;
	SNAP_TRY(finish(&restorer));
	ret->bytes_compared = restorer.rewinder.bytes_compared;
	ret->bytes_written = restorer.rewinder.bytes_written;
	for (size_t i = 0; i < plan->image->nr_threads; i++)
		ret->nr_landed += !restorer.threads[i].stays;
	ret->candidates = restorer.candidates;
	restorer.candidates = (struct snap_ranges){ 0 };
	ret->there = restorer.there;
	restorer.there = (struct snap_ranges){ 0 };
	ret->is_marked = past && verifies_memory;
	return SNAP_OK;
}
