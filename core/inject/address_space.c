#include "core/inject/address_space.h"

#include "core/tracee/limits.h"

snap_err snap_address_space_close(struct snap_restorer *restorer)
{
	if (restorer->address_space.rlim_cur == RLIM_INFINITY)
		return SNAP_OK;
	return snap_tracee_set_limit(restorer->tracee, RLIMIT_AS,
				     &restorer->address_space);
}

static snap_err undo_open(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_address_space_close(restorer);
}

snap_err snap_address_space_open(struct snap_restorer *restorer)
{
	struct rlimit *limit = &restorer->address_space;
	SNAP_TRY(snap_tracee_read_limit(restorer->tracee, RLIMIT_AS, limit));
	if (limit->rlim_cur == RLIM_INFINITY)
		return SNAP_OK;
	SNAP_TRY(snap_restorer_reserve(restorer));
	snap_restorer_push(restorer, "put back the limit of its address space",
			   undo_open, NULL, 0, 0, 0);
	// Only who has CAP_SYS_RESOURCE may go beyond the hard limit.
	snap_err error =
		snap_tracee_set_limit(restorer->tracee, RLIMIT_AS,
				      &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_tracee_set_limit(restorer->tracee, RLIMIT_AS,
				     &(struct rlimit){ limit->rlim_max,
						       limit->rlim_max });
}
