// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>

#include "core/inject/files.h"
#include "core/tracee/duplicate.h"
#include "core/tracee/fds.h"
#include "core/tracee/memory.h"
#include "core/tracee/open_flags.h"
#include "core/tracee/pipes.h"

/*
 * What an open file is and holds. Where it can be, it is changed from outside, through
 * a duplicate. A file that was just made has no undo: it is closed.
 */

/** Sets something of the open file of a descriptor to what `file` says. */
typedef snap_err set_fn(struct snap_restorer *restorer, int number,
			const struct snap_open_file *file);

/** A step of such a kind, and its undo. */
#define SETTER(name, what)                                                          \
	static snap_err undo_##name(struct snap_restorer *restorer,                 \
				    const struct snap_step *step,                   \
				    const uint64_t values[SNAP_UNDO_VALUES])        \
	{                                                                           \
		return set_##name(restorer, step->number, step->is);                \
	}                                                                           \
                                                                                    \
	snap_err snap_do_set_file_##name(struct snap_restorer *restorer,            \
					 const struct snap_step *step)              \
	{                                                                           \
		if (step->is)                                                       \
			snap_restorer_push(restorer, what, undo_##name, step, 0, 0, \
					   0);                                      \
		return set_##name(restorer, step->number, step->wanted);            \
	}

/** Whether something failed because we get no duplicates; then the error is dropped. */
static bool needs_injection(snap_err *error)
{
	if (!*error || (*error)->kind != SNAP_ERROR_UNSUPPORTED)
		return false;
	snap_error_destroy(snap_take(*error));
	return true;
}

/** What the open file of a descriptor is now. */
static snap_err read_now(struct snap_restorer *restorer, int number,
			 struct snap_open_file *ret)
{
	bool is_cloexec;
	return snap_tracee_read_fd(restorer->tracee, number, ret, &is_cloexec);
}

static snap_err set_flags(struct snap_restorer *restorer, int number,
			  const struct snap_open_file *file)
{
	_cleanup_open_file_ struct snap_open_file is = { 0 };
	SNAP_TRY(read_now(restorer, number, &is));
	// O_ASYNC remembers by which descriptor it was set.
	if (!((file->flags | is.flags) & O_ASYNC) && file->kind != SNAP_FILE_SOCKET) {
		snap_err error =
			snap_tracee_set_flags(restorer->tracee, number, file->flags);
		if (!needs_injection(&error))
			return error;
	}
	return snap_fd_call(restorer,
			    &(struct snap_call)
				    SNAP_CALL(FCNTL, (uint64_t)number, F_SETFL,
					      snap_open_flags_for_kernel(file->flags)),
			    "set the flags of", number, NULL);
}

/** While a step of FILE_QUIET is in force, signals stay off. */
static snap_err set_quiet_flags(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	struct snap_open_file quiet = *(const struct snap_open_file *)step->is;
	quiet.flags &= ~(uint32_t)O_ASYNC;
	return set_flags(restorer, step->number, &quiet);
}

static snap_err undo_flags(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	return step->start ? set_quiet_flags(restorer, step)
			   : set_flags(restorer, step->number, step->is);
}

snap_err snap_do_set_file_flags(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	if (step->is)
		snap_restorer_push(restorer, "put back the flags of a file", undo_flags,
				   step, 0, 0, 0);
	return set_flags(restorer, step->number, step->wanted);
}

snap_err snap_do_quiet_file(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	snap_restorer_push(restorer, "have signals sent again for a file", undo_flags,
			   step, 0, 0, 0);
	return set_quiet_flags(restorer, step);
}

static snap_err set_pos(struct snap_restorer *restorer, int number,
			const struct snap_open_file *file)
{
	snap_err error = snap_tracee_set_pos(restorer->tracee, number, file->pos);
	if (!needs_injection(&error))
		return error;
	return snap_fd_call(restorer,
			    &(struct snap_call)SNAP_CALL(LSEEK, (uint64_t)number,
							 file->pos, SEEK_SET),
			    "set the offset of", number, NULL);
}

SETTER(pos, "put back the offset of a file")

/** By the process itself: the kernel notes who it was, for permissions (f_setown()). */
static snap_err set_owner(struct snap_restorer *restorer, int number,
			  const struct snap_open_file *file)
{
	struct f_owner_ex owner = { .pid = file->owner };
	owner.type = (__typeof__(owner.type))file->owner_type;
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, &owner,
				   sizeof(owner)));
	struct snap_call calls[] = {
		SNAP_CALL(FCNTL, (uint64_t)number, F_SETOWN_EX, restorer->room.data),
		SNAP_CALL(FCNTL, (uint64_t)number, F_SETSIG,
			  (uint64_t)file->owner_signal),
	};
	const struct snap_step named = { .number = number };
	return snap_fd_calls(restorer, calls, SNAP_ARRAY_SIZE(calls),
			     "set who gets the signals of", &named,
			     SNAP_ARRAY_SIZE(calls));
}

SETTER(owner, "put back who gets the signals of a file")

static snap_err set_counter(struct snap_restorer *restorer, int number,
			    const struct snap_open_file *file)
{
	_cleanup_open_file_ struct snap_open_file is = { 0 };
	SNAP_TRY(read_now(restorer, number, &is));
	return snap_tracee_set_eventfd(restorer->tracee, number, is.count, file->count);
}

SETTER(counter, "put back a counter")

static snap_err set_timer(struct snap_restorer *restorer, int number,
			  const struct snap_open_file *file)
{
	return snap_tracee_set_timerfd(restorer->tracee, number, file);
}

SETTER(timer, "put back a timer")

static snap_err set_mask(struct snap_restorer *restorer, int number,
			 const struct snap_open_file *file)
{
	uint64_t data = restorer->room.data;
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &file->mask,
				   sizeof(file->mask)));
	return snap_fd_call(restorer,
			    &(struct snap_call)SNAP_CALL(SIGNALFD4, (uint64_t)number,
							 data, sizeof(file->mask), 0),
			    "set the signals of", number, NULL);
}

SETTER(mask, "put back the signals of a descriptor")

/** Whether what is written to a pipe is read in the same pieces: O_DIRECT. */
static bool has_packets(const struct snap_fd_table *table,
			const struct snap_open_file *pipe)
{
	for (size_t i = 0; i < table->nr; i++)
		if (table->list[i].kind == SNAP_FILE_PIPE &&
		    table->list[i].inode == pipe->inode &&
		    table->list[i].device == pipe->device &&
		    snap_open_file_writes(&table->list[i]) &&
		    table->list[i].flags & SNAP_OPEN_DIRECT)
			return true;
	return false;
}

static snap_err set_contents(struct snap_restorer *restorer, int number,
			     const struct snap_open_file *file)
{
	const struct snap_plan *plan = restorer->plan;
	bool is_packets = has_packets(&plan->image->files, file) ||
			  has_packets(&plan->live->files, file);
	return snap_tracee_write_pipe(restorer->tracee, number, file, is_packets);
}

SETTER(contents, "put back what was in a pipe")
