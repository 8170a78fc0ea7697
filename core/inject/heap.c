// SPDX-License-Identifier: GPL-3.0-or-later
#include <inttypes.h>

#include "core/inject/restorer.h"

static snap_err set_brk(struct snap_restorer *restorer, uint64_t end)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(restorer->worker, SNAP_SYS_BRK, SNAP_ARGS(end),
				    &result));
	if ((uint64_t)result != end)
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_OS,
				"the process cannot set its heap's end to %#" PRIx64,
				end),
			"look at the limits of the process: 'prlimit --pid PID'");
	return SNAP_OK;
}

static snap_err undo_grow(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_brk(restorer, step->start);
}

snap_err snap_do_grow(struct snap_restorer *restorer, const struct snap_step *step)
{
	// Harmless where it was not done.
	snap_restorer_push(restorer, "put back the heap's end", undo_grow, step, 0, 0,
			   0);
	return set_brk(restorer, step->end);
}

static snap_err undo_shrink(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_error_create(SNAP_ERROR_OS,
				 "the heap behind %#" PRIx64 " is gone for good",
				 step->end);
}

/** What a shorter heap loses is lost: it is made shorter when all else is done. */
snap_err snap_do_shrink(struct snap_restorer *restorer, const struct snap_step *step)
{
	snap_err error = set_brk(restorer, step->end);
	if (error) {
		snap_error_destroy(error);
		SNAP_TRY(set_brk(restorer, step->end));
	}
	snap_restorer_push(restorer, "bring back the heap's end", undo_shrink, step, 0,
			   0, 0);
	return SNAP_OK;
}
