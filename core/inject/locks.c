// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/mman.h>

#include "core/inject/restorer.h"

/**
 * Say whether new mappings are locked. Without MCL_CURRENT those that are there stay as
 * they are (mm/mlock.c, apply_mlockall_flags()).
 */
static snap_err lock_future(struct snap_restorer *restorer,
			    enum snap_lock_future future)
{
	return snap_must_call(restorer->worker, SNAP_SYS_MLOCKALL,
			      SNAP_ARGS((uint64_t)MCL_FUTURE |
					(future == SNAP_LOCK_FUTURE_ON_FAULT
						 ? (uint64_t)MCL_ONFAULT
						 : 0)),
			      "lock its new mappings in memory");
}

/** What was locked is locked again; where it could not be read, as far as it goes. */
static snap_err lock_again(struct snap_restorer *restorer)
{
	const struct snap_vmas *live = &restorer->plan->live->vmas;
	for (size_t i = 0; i < live->nr; i++) {
		const struct snap_vma *vma = &live->list[i];
		int64_t result;
		if (vma->flags & SNAP_VMA_LOCKED)
			SNAP_TRY(snap_borrowed_call(
				restorer->worker, SNAP_SYS_MLOCK2,
				SNAP_ARGS(vma->start, snap_vma_size(vma),
					  vma->flags & SNAP_VMA_LOCK_ON_FAULT
						  ? MLOCK_ONFAULT
						  : 0),
				&result));
	}
	return SNAP_OK;
}

static snap_err unlock_all(struct snap_restorer *restorer)
{
	return snap_must_call(restorer->worker, SNAP_SYS_MUNLOCKALL, SNAP_ARGS(0),
			      "unlock its memory");
}

static snap_err undo_unlock_all(struct snap_restorer *restorer,
				const struct snap_step *step,
				const uint64_t values[SNAP_UNDO_VALUES])
{
	SNAP_TRY(lock_again(restorer));
	return lock_future(restorer, restorer->plan->live->lock_future);
}

/** The only way to have new mappings not locked unlocks those that are there. */
snap_err snap_do_unlock_all(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	snap_restorer_push(restorer, "lock its memory again", undo_unlock_all, step, 0,
			   0, 0);
	return unlock_all(restorer);
}

/** munlockall() would unlock what is there: it has been looked at before, so again. */
static snap_err undo_lock_future(struct snap_restorer *restorer,
				 const struct snap_step *step,
				 const uint64_t values[SNAP_UNDO_VALUES])
{
	if (restorer->plan->live->lock_future != SNAP_LOCK_FUTURE_NOT)
		return lock_future(restorer, restorer->plan->live->lock_future);
	SNAP_TRY(unlock_all(restorer));
	return lock_again(restorer);
}

snap_err snap_do_lock_future(struct snap_restorer *restorer,
			     const struct snap_step *step)
{
	snap_restorer_push(restorer, "unlock its new mappings again", undo_lock_future,
			   step, 0, 0, 0);
	return lock_future(restorer, restorer->plan->image->lock_future);
}
