// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "core/inject/files.h"
#include "core/plan/files.h"
#include "core/tracee/memory.h"
#include "core/tracee/watched.h"

/*
 * Watch descriptors count up (fs/notify/inotify/inotify_user.c, idr_alloc_cyclic()): a
 * new instance is brought to a number by adding watches and removing them again.
 */

/** The most watches that are added only to be removed. */
#define MOST_GAPS 4096

static snap_err add_watch(struct snap_restorer *restorer, int fd, uint64_t path,
			  uint32_t events, int64_t *ret)
{
	return snap_fd_call(restorer,
			    &(struct snap_call)SNAP_CALL(INOTIFY_ADD_WATCH,
							 (uint64_t)fd, path, events),
			    "watch a file with", fd, ret);
}

static snap_err add_numbered(struct snap_restorer *restorer, int fd, uint64_t path,
			     const struct snap_watch *watch)
{
	for (int tries = 0; tries < MOST_GAPS; tries++) {
		int64_t number;
		SNAP_TRY(add_watch(restorer, fd, path, watch->events, &number));
		if (number == watch->number)
			return SNAP_OK;
		if (number > watch->number)
			break;
		SNAP_TRY(snap_fd_call(restorer,
				      &(struct snap_call)SNAP_CALL(INOTIFY_RM_WATCH,
								   (uint64_t)fd,
								   (uint64_t)number),
				      "watch a file with", fd, NULL));
	}
	return snap_error_create(
		SNAP_ERROR_REFUSED,
		"descriptor %d (inotify) cannot get its watch %d again", fd,
		watch->number);
}

/** That watches were removed is an event, which nobody shall see. */
static snap_err drain(struct snap_restorer *restorer, int fd)
{
	for (;;) {
		struct snap_call call =
			SNAP_CALL(READ, (uint64_t)fd, restorer->room.data,
				  restorer->room.data_size);
		SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, &call, 1,
					true));
		if (call.result <= 0) // EAGAIN: it does not block yet.
			return SNAP_OK;
	}
}

snap_err snap_add_inotify_watches(struct snap_restorer *restorer, int fd,
				  const struct snap_open_file *wanted)
{
	for (size_t i = 0; i < wanted->nr_watches; i++) {
		char path[PATH_MAX];
		SNAP_TRY(snap_tracee_find_watched(restorer->tracee, fd,
						  &wanted->watches[i], path));
		SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, path,
					   strlen(path) + 1));
		SNAP_TRY(add_numbered(restorer, fd, restorer->room.data,
				      &wanted->watches[i]));
	}
	return drain(restorer, fd);
}
