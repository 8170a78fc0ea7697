// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/limits.h"

#include <errno.h>
#include <sys/resource.h>

#include "core/tracee/attributes.h"
#include "core/tracee/memory.h"

/**
 * From outside, where the debugger may do more than the process; else by the process
 * itself, when it has ids that a debugger without CAP_SYS_RESOURCE has not.
 */
static snap_err set_limit(struct snap_restorer *restorer, unsigned resource,
			  const struct snap_limit *limit)
{
	snap_err error = snap_tracee_write_limit(restorer->tracee, resource, limit);
	// Without a room yet there is no place for the argument.
	if (!error || error->os_errno != EPERM || !restorer->room.data)
		return error;
	snap_error_destroy(error);
	// struct rlimit64 of include/uapi/linux/resource.h.
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, limit,
				   sizeof(*limit)));
	return snap_must_call(restorer->worker, SNAP_SYS_PRLIMIT64,
			      SNAP_ARGS(0, resource, restorer->room.data),
			      "set its limit %s", snap_limit_name(resource));
}

static snap_err undo_limit(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct snap_limit limit = { values[1], values[2] };
	return set_limit(restorer, (unsigned)values[0], &limit);
}

/** Change a limit that is `is` now. The undo's place has been reserved. */
static snap_err change(struct snap_restorer *restorer, unsigned resource,
		       const struct snap_limit *is, const struct snap_limit *wanted)
{
	snap_restorer_push(restorer, "put back a limit", undo_limit, NULL, resource,
			   is->soft, is->hard);
	return set_limit(restorer, resource, wanted);
}

static bool is_widened(const struct snap_restorer *restorer, unsigned resource)
{
	return restorer->widened_limits >> resource & 1;
}

snap_err snap_do_set_limit(struct snap_restorer *restorer, const struct snap_step *step)
{
	unsigned resource = (unsigned)step->number;
	if (is_widened(restorer, resource))
		return SNAP_OK; // Its turn comes when the restore needs it no more.
	return change(restorer, resource, step->is, step->wanted);
}

snap_err snap_widen_limit(struct snap_restorer *restorer, unsigned resource, bool *ret)
{
	const struct snap_process_state *live = &restorer->plan->live->state;
	*ret = false;
	if (resource >= live->nr_limits || is_widened(restorer, resource))
		return SNAP_OK;
	const struct snap_limit *is = &live->limits[resource];
	const struct snap_limit wide = { is->hard, is->hard };
	if (is->soft == is->hard)
		return SNAP_OK;
	SNAP_TRY(snap_restorer_reserve(restorer));
	restorer->widened_limits |= 1u << resource;
	SNAP_TRY(change(restorer, resource, is, &wide));
	*ret = true;
	return snap_restorer_reserve(restorer);
}

/** Only who has CAP_SYS_RESOURCE may go beyond the hard limit. */
snap_err snap_widen_address_space(struct snap_restorer *restorer)
{
	const struct snap_process_state *live = &restorer->plan->live->state;
	if (RLIMIT_AS >= live->nr_limits || live->limits[RLIMIT_AS].soft == UINT64_MAX)
		return SNAP_OK;
	const struct snap_limit none = { UINT64_MAX, UINT64_MAX };
	SNAP_TRY(snap_restorer_reserve(restorer));
	restorer->widened_limits |= 1u << RLIMIT_AS;
	snap_err error = change(restorer, RLIMIT_AS, &live->limits[RLIMIT_AS], &none);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	const struct snap_limit wide = { live->limits[RLIMIT_AS].hard,
					 live->limits[RLIMIT_AS].hard };
	return set_limit(restorer, RLIMIT_AS, &wide);
}

snap_err snap_narrow_limits(struct snap_restorer *restorer)
{
	const struct snap_process_state *live = &restorer->plan->live->state;
	const struct snap_process_state *image = &restorer->plan->image->state;
	for (unsigned i = 0; i < live->nr_limits; i++) {
		if (!is_widened(restorer, i))
			continue;
		const struct snap_limit *is = &live->limits[i];
		const struct snap_limit wide = { is->hard, is->hard };
		SNAP_TRY(snap_restorer_reserve(restorer));
		SNAP_TRY(change(restorer, i, &wide,
				i < image->nr_limits ? &image->limits[i] : is));
	}
	return SNAP_OK;
}
