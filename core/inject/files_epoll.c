// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <sys/epoll.h>

#include "core/inject/files.h"
#include "core/tracee/memory.h"

/** An element of a set, added, changed or removed: `event` goes into the room. */
static snap_err control(struct snap_restorer *restorer, const struct snap_step *step,
			int operation, const struct snap_watch *watch)
{
	struct epoll_event event = {
		.events = watch->events,
		.data.u64 = watch->data,
	};
	uint64_t data = restorer->room.data;
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &event, sizeof(event)));
	return snap_fd_call(restorer,
			    &(struct snap_call)SNAP_CALL(EPOLL_CTL,
							 (uint64_t)step->number,
							 (uint64_t)operation,
							 (uint64_t)watch->number, data),
			    "change the epoll set of", step->number, NULL);
}

/** Whether it was added or not: afterwards it is not there. */
static snap_err undo_add(struct snap_restorer *restorer, const struct snap_step *step,
			 const uint64_t values[SNAP_UNDO_VALUES])
{
	struct snap_call call = SNAP_CALL(EPOLL_CTL, (uint64_t)step->number,
					  EPOLL_CTL_DEL, step->start);
	return snap_room_call(&restorer->room, restorer->worker, &call, 1, false);
}

/** Whether it was removed or not: afterwards it is there. */
static snap_err undo_remove(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	snap_err error = control(restorer, step, EPOLL_CTL_ADD, step->is);
	if (!error || error->os_errno != EEXIST)
		return error;
	snap_error_destroy(error);
	return SNAP_OK;
}

static snap_err undo_change(struct snap_restorer *restorer,
			    const struct snap_step *step,
			    const uint64_t values[SNAP_UNDO_VALUES])
{
	return control(restorer, step, EPOLL_CTL_MOD, step->is);
}

snap_err snap_do_remove_watch(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back an element of an epoll set", undo_remove,
			   step, 0, 0, 0);
	return control(restorer, step, EPOLL_CTL_DEL, step->is);
}

snap_err snap_do_set_watch(struct snap_restorer *restorer, const struct snap_step *step)
{
	snap_restorer_push(restorer, "put back an element of an epoll set",
			   step->is ? undo_change : undo_add, step, 0, 0, 0);
	return control(restorer, step, step->is ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		       step->wanted);
}
