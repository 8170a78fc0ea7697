/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_RESTORER_H
#define SNAP_INJECT_RESTORER_H

#include "core/base/notes.h"
#include "core/inject/memory.h"
#include "core/inject/pending.h"
#include "core/inject/room.h"
#include "core/inject/undo.h"
#include "core/plan/plan.h"

/**
 * @file
 * A restore on its way, as its steps see it.
 *
 * To add a kind of step: a row in core/plan/steps.def; a snap_plan_…() that adds such
 * steps (core/plan/plan.c lists them); and the functions that the row names:
 * snap_describe_…() in core/plan, snap_do_…() here, in a file for each idea.
 */

struct snap_past;

struct snap_restorer {
	struct snap_tracee *tracee;
	const struct snap_plan *plan;
	/**
	 * One for each thread of the image, in its order; behind them those that are to
	 * end; all borrowed.
	 */
	struct snap_borrowed *threads;
	size_t nr_threads;
	/**
	 * Makes the calls that any thread can make. While steps are committed it has
	 * been landed before, and borrowed again.
	 */
	struct snap_borrowed *worker;
	struct snap_room room;
	struct snap_undo undo;
	struct snap_rewinder rewinder;
	/** What is known of the memory; NULL: nothing. Not owned. */
	const struct snap_past *past;
	/** With a past: the pages that may not be as they shall be. */
	struct snap_ranges candidates;
	/** Those that have changed since the mark, as it was asked last. */
	struct snap_ranges changed;
	/** What was told when it was marked again. */
	struct snap_ranges there;
	/** What guards took, for the undo. */
	struct snap_memory lost;
	/** The pending signals that were taken away, for the undo. */
	struct snap_queues drained;
	/** In a new process: the number that the kernel gives the next POSIX timer. */
	int next_timer_id;
	/** A bit for each limit that is higher for as long as the restore lasts. */
	uint32_t widened_limits;
	/** Threads whose start has been prepared (start.c). */
	size_t nr_started;
	/** What the user is told afterwards. Not owned. */
	struct snap_notes *notes;
};

/**
 * Do one step. Whatever it has changed when it returns, also with an error, its undo
 * has been pushed by snap_restorer_push(). There is room for one; a step that changes
 * more calls snap_restorer_reserve() before each further change.
 */
typedef snap_err snap_step_fn(struct snap_restorer *restorer,
			      const struct snap_step *step);

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event)     \
	_must_check_ snap_err snap_do_##run(struct snap_restorer *restorer, \
					    const struct snap_step *step);
#include "core/plan/steps.def"
#undef SNAP_STEP

/** Do all steps of a phase, in the order of the plan. */
_must_check_ snap_err snap_run_steps(struct snap_restorer *restorer,
				     enum snap_phase phase);

/** Do all steps of SNAP_FINALLY, also when some fail; the error is that of the first.
 */
_must_check_ snap_err snap_run_last_steps(struct snap_restorer *restorer);

/** The borrowed thread of a TID, or NULL. */
struct snap_borrowed *snap_restorer_thread(const struct snap_restorer *restorer,
					   pid_t tid);

/** Make sure that the next push cannot fail. */
_must_check_ static inline snap_err snap_restorer_reserve(
	struct snap_restorer *restorer)
{
	return snap_undo_reserve(&restorer->undo, 1);
}

/**
 * Remember how a change is undone.
 *
 * @param what Completes "could not …": "put back the heap's end".
 * @param step Given to `run`; may be NULL.
 */
void snap_restorer_push(struct snap_restorer *restorer, const char *what,
			snap_undo_fn *run, const struct snap_step *step, uint64_t a,
			uint64_t b, uint64_t c);

#endif
