// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/arena.h"

#include <sys/mman.h>

/** The room, and all that was parked behind it. */
_must_check_ static snap_err unmap(struct snap_restorer *restorer)
{
	return snap_must_call(restorer->worker, SNAP_SYS_MUNMAP,
			      SNAP_ARGS(restorer->plan->arena,
					restorer->plan->arena_size),
			      "unmap our working space");
}

static snap_err undo_arena(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	return unmap(restorer);
}

snap_err snap_arena_map(struct snap_restorer *restorer)
{
	const struct snap_plan *plan = restorer->plan;
	SNAP_TRY(snap_restorer_reserve(restorer));
	snap_err error =
		snap_must_call(restorer->worker, SNAP_SYS_MMAP,
			       SNAP_ARGS(plan->arena, plan->room_size,
					 PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS |
						 MAP_FIXED_NOREPLACE | MAP_NORESERVE,
					 (uint64_t)-1, 0),
			       "map working space for a restore");
	if (error)
		return snap_error_with_remedy(
			error,
			"if it has as many mappings or as much address space as it "
			"may have, raise vm.max_map_count or RLIMIT_AS "
			"('prlimit --pid PID --as=unlimited')");
	snap_restorer_push(restorer, "unmap its working space", undo_arena, NULL, 0, 0,
			   0);
	return snap_room_use(restorer->worker, plan->arena, plan->room_size,
			     &restorer->room);
}

snap_err snap_arena_unmap(struct snap_restorer *restorer)
{
	// Behind what cannot be undone: one failure is not the end.
	snap_err error = unmap(restorer);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return unmap(restorer);
}
