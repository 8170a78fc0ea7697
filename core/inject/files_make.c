// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/inject/files.h"
#include "core/plan/files.h"
#include "core/tracee/fds.h"
#include "core/tracee/memory.h"
#include "core/tracee/open_flags.h"

/** The kernel's bit of O_TMPFILE that is not O_DIRECTORY. */
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

snap_err snap_check_made_file(struct snap_tracee *tracee, const struct snap_step *step)
{
	const struct snap_open_file *file = step->wanted;
	bool is_there = true;
	if (step->kind == SNAP_STEP_FD_MAKE && step->parking == SNAP_NO_FD &&
	    *file->path == '/')
		SNAP_TRY(snap_tracee_is_at_path(tracee, file, &is_there));
	if (is_there)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_refuse_fd(step->number, file,
			       "is no longer open, and the file was removed, renamed "
			       "or replaced"),
		"put the file back in its place; a copy will not do");
}

snap_err snap_files_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		SNAP_TRY(snap_check_made_file(tracee, &plan->steps[i]));
	return SNAP_OK;
}

/** A try to close what was opened, and another one: nothing of ours stays open. */
static snap_err close_again(struct snap_restorer *restorer, int64_t fd, snap_err cause)
{
	for (int tries = 0; tries < 2; tries++) {
		snap_err error =
			snap_fd_call(restorer,
				     &(struct snap_call)SNAP_CALL(CLOSE, (uint64_t)fd),
				     "close", (int)fd, NULL);
		if (!error)
			break;
		snap_error_destroy(error);
	}
	return cause;
}

/** Give what was opened the number that it shall have. */
static snap_err place(struct snap_restorer *restorer, int64_t fd, int number)
{
	bool is_cloexec = snap_fd_is_cloexec(&restorer->plan->image->files, number);
	if (fd == number) {
		if (is_cloexec)
			return SNAP_OK;
		return snap_fd_call(restorer,
				    &(struct snap_call)SNAP_CALL(FCNTL, (uint64_t)fd,
								 F_SETFD, 0),
				    "set the flag of", number, NULL);
	}
	struct snap_call calls[] = {
		SNAP_CALL(DUP3, (uint64_t)fd, (uint64_t)number,
			  is_cloexec ? O_CLOEXEC : 0),
		SNAP_CALL(CLOSE, (uint64_t)fd),
	};
	const struct snap_step named = { .number = number };
	snap_err error = snap_fd_calls(restorer, calls, SNAP_ARRAY_SIZE(calls), "make",
				       &named, SNAP_ARRAY_SIZE(calls));
	return error ? close_again(restorer, fd, error) : SNAP_OK;
}

static uint64_t open_flags(const struct snap_open_file *file, bool is_via)
{
	uint32_t flags = file->flags & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC |
						   O_ASYNC | TMPFILE_BIT);
	if (file->kind != SNAP_FILE_DIRECTORY)
		flags &= ~(uint32_t)SNAP_OPEN_DIRECTORY;
	if (is_via)
		flags &= ~(uint32_t)SNAP_OPEN_NOFOLLOW;
	// To open an end of a FIFO, or a line, may take until somebody else comes.
	if (file->kind == SNAP_FILE_PIPE || file->kind == SNAP_FILE_DEVICE)
		flags |= O_NONBLOCK;
	return snap_open_flags_for_kernel(flags) | O_NOCTTY | O_CLOEXEC;
}

/**
 * A call that opens something. It may have been made also where it fails us: then what
 * it has opened is closed.
 */
static snap_err open_call(struct snap_restorer *restorer, const struct snap_call *call,
			  int number, int64_t *ret)
{
	struct snap_call made = *call;
	snap_err error =
		snap_room_call(&restorer->room, restorer->worker, &made, 1, true);
	if (error)
		return made.result < 0 ? error
				       : close_again(restorer, made.result, error);
	if (snap_call_failed(made.result))
		return snap_error_os(
			(int)-made.result,
			"the process cannot open again what was descriptor "
			"%d",
			number);
	*ret = made.result;
	return SNAP_OK;
}

/** Open a path; on success it is certain that it is the right file. */
static snap_err open_path(struct snap_restorer *restorer, const struct snap_step *step,
			  const char *path, bool is_via, int64_t *ret)
{
	const struct snap_open_file *wanted = step->wanted;
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, path,
				   strlen(path) + 1));
	SNAP_TRY(open_call(restorer,
			   &(struct snap_call)SNAP_CALL(OPENAT, (uint64_t)AT_FDCWD,
							restorer->room.data,
							open_flags(wanted, is_via)),
			   step->number, ret));
	_cleanup_open_file_ struct snap_open_file is = { 0 };
	bool is_cloexec;
	snap_err error =
		snap_tracee_read_fd(restorer->tracee, (int)*ret, &is, &is_cloexec);
	if (!error && is.kind == wanted->kind && is.device == wanted->device &&
	    is.inode == wanted->inode && is.rdev == wanted->rdev)
		return SNAP_OK;
	if (!error)
		error = snap_refuse_fd(step->number, wanted,
				       "was closed since, and its path leads the "
				       "process to another file");
	return close_again(restorer, *ret, error);
}

static snap_err open_file(struct snap_restorer *restorer, const struct snap_step *step,
			  int64_t *ret)
{
	const struct snap_open_file *wanted = step->wanted;
	bool is_there = false;
	SNAP_TRY(snap_tracee_is_at_path(restorer->tracee, wanted, &is_there));
	if (is_there || step->parking == SNAP_NO_FD)
		return open_path(restorer, step, wanted->path, false, ret);
	char via[40];
	snprintf(via, sizeof(via), "/proc/self/fd/%d", (int)step->parking);
	return open_path(restorer, step, via, true, ret);
}

/** What has no path, as a system call. */
static snap_err make_anonymous(struct snap_restorer *restorer,
			       const struct snap_step *step, int64_t *ret)
{
	const struct snap_open_file *wanted = step->wanted;
	// EFD_, TFD_, SFD_, IN_NONBLOCK and _CLOEXEC are those of open(2).
	uint64_t flags = (wanted->flags & O_NONBLOCK) | O_CLOEXEC;
	uint64_t data = restorer->room.data;
	struct snap_call call;
	switch (wanted->kind) {
	case SNAP_FILE_EVENTFD:
		if (wanted->settings == SNAP_EVENTFD_UNTOLD)
			SNAP_TRY(snap_notes_add(
				restorer->notes,
				"Descriptor %d counts as a whole now; whether it was a "
				"semaphore, the kernel of the snapshot did not tell "
				"(Linux 6.5 does).",
				step->number));
		else
			flags |= wanted->settings;
		call = (struct snap_call)SNAP_CALL(EVENTFD2, 0, flags);
		break;
	case SNAP_FILE_TIMERFD:
		call = (struct snap_call)SNAP_CALL(TIMERFD_CREATE, wanted->id, flags);
		break;
	case SNAP_FILE_SIGNALFD:
		SNAP_TRY(snap_tracee_write(restorer->tracee, data, &wanted->mask,
					   sizeof(wanted->mask)));
		call = (struct snap_call)SNAP_CALL(SIGNALFD4, (uint64_t)-1, data,
						   sizeof(wanted->mask), flags);
		break;
	case SNAP_FILE_INOTIFY:
		call = (struct snap_call)SNAP_CALL(INOTIFY_INIT1,
						   O_NONBLOCK | O_CLOEXEC);
		break;
	default:
		call = (struct snap_call)SNAP_CALL(EPOLL_CREATE1, O_CLOEXEC);
		break;
	}
	return open_call(restorer, &call, step->number, ret);
}

/** Both ends get their numbers, also where each has the other's at first. */
static snap_err place_ends(struct snap_restorer *restorer, const int32_t ends[2],
			   int reader, int writer)
{
	int64_t write_end = ends[1];
	if (ends[1] == reader)
		SNAP_TRY(
			open_call(restorer,
				  &(struct snap_call)SNAP_CALL(FCNTL, (uint64_t)ends[1],
							       F_DUPFD_CLOEXEC, 0),
				  ends[1], &write_end));
	snap_err error = place(restorer, ends[0], reader);
	if (error)
		return write_end == ends[1] ? error
					    : close_again(restorer, write_end, error);
	return place(restorer, write_end, writer);
}

/** The numbers of a new pipe: what is open has to be known. */
static snap_err read_ends(struct snap_restorer *restorer, int32_t ends[2])
{
	size_t size = 2 * sizeof(*ends);
	uint64_t data = restorer->room.data;
	snap_err error = snap_tracee_read(restorer->tracee, data, ends, size);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_tracee_read(restorer->tracee, data, ends, size);
}

/** Close what was not placed; what was is closed by the undo of the step. */
static snap_err close_ends(struct snap_restorer *restorer, const struct snap_step *step,
			   const int32_t ends[2], snap_err cause)
{
	for (size_t i = 0; i < 2; i++)
		if (ends[i] != step->number && ends[i] != (int)step->end)
			cause = close_again(restorer, ends[i], cause);
	return cause;
}

static snap_err make_pipe(struct snap_restorer *restorer, const struct snap_step *step)
{
	struct snap_call call =
		SNAP_CALL(PIPE2, restorer->room.data, O_CLOEXEC | O_NONBLOCK);
	snap_err error =
		snap_room_call(&restorer->room, restorer->worker, &call, 1, true);
	if (!error && call.result)
		error = snap_error_os((int)-call.result,
				      "the process cannot make the pipe of descriptor "
				      "%d again",
				      step->number);
	if (call.result)
		return error;
	int32_t ends[2];
	_cleanup_error_ snap_err unread = read_ends(restorer, ends);
	if (unread)
		return error ? error : snap_take(unread);
	if (!error)
		error = place_ends(restorer, ends, step->number, (int)step->end);
	return error ? close_ends(restorer, step, ends, error) : SNAP_OK;
}

static snap_err undo_make(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	struct snap_call calls[] = {
		SNAP_CALL(CLOSE, (uint64_t)step->number),
		SNAP_CALL(CLOSE, step->end),
	};
	return snap_room_call(&restorer->room, restorer->worker, calls,
			      step->end == SNAP_NO_FD ? 1 : SNAP_ARRAY_SIZE(calls),
			      false);
}

static bool has_inode(const struct snap_open_file *file)
{
	return file->kind == SNAP_FILE_REGULAR || file->kind == SNAP_FILE_DIRECTORY ||
	       file->kind == SNAP_FILE_PIPE || file->kind == SNAP_FILE_DEVICE;
}

snap_err snap_do_make_file(struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_open_file *wanted = step->wanted;
	snap_restorer_push(restorer, "close what it had opened", undo_make, step, 0, 0,
			   0);
	if (step->end != SNAP_NO_FD)
		return make_pipe(restorer, step);
	int64_t fd;
	SNAP_TRY(has_inode(wanted) ? open_file(restorer, step, &fd)
				   : make_anonymous(restorer, step, &fd));
	SNAP_TRY(place(restorer, fd, step->number));
	if (wanted->kind != SNAP_FILE_INOTIFY)
		return SNAP_OK;
	return snap_add_inotify_watches(restorer, step->number, wanted);
}
