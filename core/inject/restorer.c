// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/restorer.h"

_must_check_ static snap_err run_step(struct snap_restorer *restorer,
				      const struct snap_step *step)
{
	static snap_step_fn *const run[] = {

#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) snap_do_##run,
#include "core/plan/steps.def"
#undef SNAP_STEP
	};
	return run[step->kind](restorer, step);
}

snap_err snap_run_steps(struct snap_restorer *restorer, enum snap_phase phase)
{
	for (size_t i = 0; i < restorer->plan->nr_steps; i++) {
		const struct snap_step *step = &restorer->plan->steps[i];
		if (snap_step_phase(step->kind) != phase)
			continue;
		// Whatever is done at the end is done to the end.
		if (phase != SNAP_AT_COMMIT)
			SNAP_TRY(snap_progress_report(restorer->rewinder.progress,
						      "Putting state back", i,
						      restorer->plan->nr_steps));
		SNAP_TRY(snap_restorer_reserve(restorer));
		SNAP_TRY(run_step(restorer, step));
	}
	return SNAP_OK;
}

/** A step behind which there is no way back: once more when it fails. */
_must_check_ static snap_err insist(struct snap_restorer *restorer,
				    const struct snap_step *step)
{
	snap_err error = run_step(restorer, step);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return run_step(restorer, step);
}

snap_err snap_run_last_steps(struct snap_restorer *restorer)
{
	_cleanup_error_ snap_err first = SNAP_OK;
	for (size_t i = 0; i < restorer->plan->nr_steps; i++) {
		const struct snap_step *step = &restorer->plan->steps[i];
		if (snap_step_phase(step->kind) != SNAP_FINALLY)
			continue;
		snap_err error = insist(restorer, step);
		if (first)
			snap_error_destroy(error);
		else
			first = error;
	}
	return snap_take(first);
}

struct snap_borrowed *snap_restorer_thread(const struct snap_restorer *restorer,
					   pid_t tid)
{
	for (size_t i = 0; i < restorer->nr_threads; i++)
		if (restorer->threads[i].thread.tid == tid)
			return &restorer->threads[i];
	return NULL;
}

void snap_restorer_push(struct snap_restorer *restorer, const char *what,
			snap_undo_fn *run, const struct snap_step *step, uint64_t a,
			uint64_t b, uint64_t c)
{
	snap_undo_push(&restorer->undo, &(struct snap_undo_entry){
						.what = what,
						.run = run,
						.step = step,
						.values = { a, b, c },
					});
}
