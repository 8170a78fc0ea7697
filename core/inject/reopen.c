// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/reopen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "core/inject/limits.h"
#include "core/tracee/files.h"
#include "core/tracee/memory.h"

/** A mapping that may write to the file needs it open for that. */
static bool writes(const struct snap_vma *vma)
{
	return vma->prot & SNAP_VMA_SHARED &&
	       (vma->prot & SNAP_VMA_WRITE || vma->flags & SNAP_VMA_MAY_WRITE);
}

snap_err snap_check_reopen(struct snap_tracee *tracee, const struct snap_vma *vma)
{
	int fd;
	SNAP_TRY(snap_tracee_find_fd(tracee, vma, writes(vma), &fd));
	return fd < 0 ? snap_tracee_check_file(tracee, vma) : SNAP_OK;
}

/** One openat(2) of the path that is in the room. */
static snap_err open_path(struct snap_restorer *restorer, const struct snap_vma *vma,
			  int64_t *ret)
{
	return snap_borrowed_call(restorer->worker, SNAP_SYS_OPENAT,
				  SNAP_ARGS((uint64_t)AT_FDCWD, restorer->room.data,
					    (writes(vma) ? O_RDWR : O_RDONLY) |
						    O_CLOEXEC),
				  ret);
}

/** Open the file in the process: its path goes into the room. */
static snap_err open_file(struct snap_restorer *restorer, const struct snap_vma *vma,
			  int *ret)
{
	size_t size = strlen(vma->name) + 1;
	if (size > restorer->room.data_size)
		return snap_error_create(SNAP_ERROR_REFUSED, "the path %s is too long",
					 vma->name);
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, vma->name,
				   size));
	int64_t result;
	SNAP_TRY(open_path(restorer, vma, &result));
	// All its descriptors are in use: one more, for a moment.
	bool is_wider = false;
	if (result == -EMFILE)
		SNAP_TRY(snap_widen_limit(restorer, RLIMIT_NOFILE, &is_wider));
	if (is_wider)
		SNAP_TRY(open_path(restorer, vma, &result));
	if (snap_call_failed(result))
		return snap_error_os((int)-result, "the process cannot open %s",
				     vma->name);
	*ret = (int)result;
	return SNAP_OK;
}

/** Close it, and once more if that failed: an open file must not be left behind. */
static snap_err close_file(struct snap_restorer *restorer, int fd)
{
	for (int tries = 0;; tries++) {
		snap_err error = snap_must_call(restorer->worker, SNAP_SYS_CLOSE,
						SNAP_ARGS((uint64_t)fd),
						"close a file that it has mapped");
		if (!error || tries)
			return error;
		snap_error_destroy(error);
	}
}

static snap_err map(struct snap_restorer *restorer, const struct snap_step *step,
		    uint64_t prot, int fd)
{
	const struct snap_vma *vma = step->vma;
	uint64_t flags = (vma->prot & SNAP_VMA_SHARED ? MAP_SHARED : MAP_PRIVATE) |
			 (vma->flags & SNAP_VMA_NORESERVE ? MAP_NORESERVE : 0) |
			 MAP_FIXED_NOREPLACE;
	return snap_must_call(restorer->worker, SNAP_SYS_MMAP,
			      SNAP_ARGS(step->start, step->end - step->start, prot,
					flags, (uint64_t)fd,
					vma->offset + (step->start - vma->start)),
			      "map %s again", vma->name);
}

static snap_err undo_map(struct snap_restorer *restorer, const struct snap_step *step,
			 const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_must_call(restorer->worker, SNAP_SYS_MUNMAP,
			      SNAP_ARGS(step->start, step->end - step->start),
			      "unmap what it had mapped");
}

snap_err snap_map_file(struct snap_restorer *restorer, const struct snap_step *step,
		       uint64_t prot)
{
	int fd, opened = -1;
	SNAP_TRY(snap_tracee_find_fd(restorer->tracee, step->vma, writes(step->vma),
				     &fd));
	if (fd < 0) {
		SNAP_TRY(open_file(restorer, step->vma, &opened));
		fd = opened;
	}
	_cleanup_error_ snap_err error = map(restorer, step, prot, fd);
	if (!error)
		snap_restorer_push(restorer, "unmap what it had mapped", undo_map, step,
				   0, 0, 0);
	if (opened >= 0)
		SNAP_TRY(close_file(restorer, opened));
	return snap_take(error);
}
