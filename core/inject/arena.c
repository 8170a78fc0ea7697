#include "core/inject/arena.h"

#include <sys/mman.h>

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
	SNAP_TRY(snap_must_call(restorer->worker, SNAP_SYS_MMAP,
				SNAP_ARGS(plan->arena, plan->arena_size,
					  PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS |
						  MAP_FIXED_NOREPLACE | MAP_NORESERVE,
					  (uint64_t)-1, 0),
				"map working space for a restore"));
	snap_restorer_push(restorer, "unmap its working space", undo_arena, NULL, 0, 0,
			   0);
	return snap_room_use(restorer->worker, plan->arena, plan->room_size,
			     &restorer->room);
}

snap_err snap_arena_unmap(struct snap_restorer *restorer)
{
	return unmap(restorer);
}
