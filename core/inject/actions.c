// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/restorer.h"
#include "core/tracee/memory.h"

/** sizeof(sigset_t) of the kernel. */
#define KERNEL_SIGSET_SIZE 8

/** How many steps from `step` on set actions: they follow each other in the plan. */
static size_t count_steps(const struct snap_restorer *restorer,
			  const struct snap_step *step)
{
	const struct snap_plan *plan = restorer->plan;
	const struct snap_step *end = step;
	while (end < plan->steps + plan->nr_steps && end->kind == step->kind)
		end++;
	return (size_t)(end - step);
}

/** Set the actions of `nr` steps: as they shall be, or as they were. */
static snap_err set_actions(struct snap_restorer *restorer,
			    const struct snap_step *steps, size_t nr, bool is_undo)
{
	struct snap_sigaction actions[SNAP_NR_SIGNALS];
	struct snap_call calls[SNAP_NR_SIGNALS];
	for (size_t i = 0; i < nr; i++) {
		uint64_t place = restorer->room.data + i * sizeof(*actions);
		actions[i] =
			*(const struct snap_sigaction *)(is_undo ? steps[i].is
								 : steps[i].wanted);
		calls[i] = (struct snap_call)SNAP_CALL(RT_SIGACTION,
						       (uint64_t)steps[i].number, place,
						       0, KERNEL_SIGSET_SIZE);
	}
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, actions,
				   nr * sizeof(*actions)));
	SNAP_TRY(
		snap_room_call(&restorer->room, restorer->worker, calls, nr, !is_undo));
	for (size_t i = 0; i < nr; i++)
		if (calls[i].result)
			return snap_error_os((int)-calls[i].result,
					     "the action of signal %d cannot be set",
					     steps[i].number);
	return SNAP_OK;
}

static snap_err undo_actions(struct snap_restorer *restorer,
			     const struct snap_step *step,
			     const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_actions(restorer, step, values[0], true);
}

/** The first of these steps does all of them, in one batch. */
snap_err snap_do_actions(struct snap_restorer *restorer, const struct snap_step *step)
{
	if (step > restorer->plan->steps && step[-1].kind == step->kind)
		return SNAP_OK;
	size_t nr = count_steps(restorer, step);
	snap_restorer_push(restorer, "put the actions of signals back", undo_actions,
			   step, nr, 0, 0);
	return set_actions(restorer, step, nr, false);
}
