#include "core/inject/restorer.h"

snap_err snap_run_steps(struct snap_restorer *restorer, enum snap_phase phase)
{
	static snap_step_fn *const run[] = {
#define SNAP_STEP(kind, phase, family, describe, run, verb, why, event) snap_do_##run,
#include "core/plan/steps.def"
#undef SNAP_STEP
	};
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
		SNAP_TRY(run[step->kind](restorer, step));
	}
	return SNAP_OK;
}

struct snap_borrowed *snap_restorer_thread(const struct snap_restorer *restorer,
					   pid_t tid)
{
	for (size_t i = 0; i < restorer->plan->image->nr_threads; i++)
		if (restorer->plan->image->threads[i].tid == tid)
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
