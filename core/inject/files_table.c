// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "core/inject/files.h"
#include "core/inject/limits.h"
#include "core/tracee/fds.h"

/*
 * Thousands of descriptors may have changed: calls are made in batches. Their undo does
 * not ask how far they came: to put back a descriptor that was not moved fails with
 * EBADF, and changes nothing.
 */

size_t snap_step_run(const struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_step *end = restorer->plan->steps + restorer->plan->nr_steps;
	if (step > restorer->plan->steps && step[-1].kind == step->kind)
		return 0;
	size_t nr = 0;
	while (step + nr < end && step[nr].kind == step->kind)
		nr++;
	return nr;
}

snap_err snap_fd_calls(struct snap_restorer *restorer, struct snap_call *calls,
		       size_t nr, const char *what, const struct snap_step *step,
		       size_t calls_per_step)
{
	SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, calls, nr, true));
	for (size_t i = 0; i < nr; i++)
		if (snap_call_failed(calls[i].result))
			return snap_error_os((int)-calls[i].result,
					     "the process cannot %s descriptor %d",
					     what, step[i / calls_per_step].number);
	return SNAP_OK;
}

snap_err snap_fd_call(struct snap_restorer *restorer, const struct snap_call *call,
		      const char *what, int number, int64_t *ret)
{
	struct snap_call made = *call;
	SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, &made, 1, true));
	if (snap_call_failed(made.result))
		return snap_error_os((int)-made.result,
				     "the process cannot %s descriptor %d", what,
				     number);
	if (ret)
		*ret = made.result;
	return SNAP_OK;
}

bool snap_fd_is_cloexec(const struct snap_fd_table *table, int number)
{
	const struct snap_fd *fd = snap_fd_table_find(table, number);
	return fd && fd->is_cloexec;
}

static uint64_t dup_flags(const struct snap_fd_table *table, int number)
{
	return snap_fd_is_cloexec(table, number) ? O_CLOEXEC : 0;
}

/** Two calls for each step of a run: a copy, and the original closed. */
static snap_err make_moves(size_t nr, struct snap_call **ret)
{
	*ret = calloc(2 * nr, sizeof(**ret));
	return *ret ? SNAP_OK : &snap_enomem;
}

static void set_move(struct snap_call *calls, uint64_t from, uint64_t to,
		     uint64_t flags)
{
	calls[0] = (struct snap_call)SNAP_CALL(DUP3, from, to, flags);
	calls[1] = (struct snap_call)SNAP_CALL(CLOSE, from);
}

static snap_err undo_park(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	size_t nr = values[0];
	const struct snap_fd_table *live = &restorer->plan->live->files;
	_cleanup_free_ struct snap_call *calls = NULL;
	SNAP_TRY(make_moves(nr, &calls));
	for (size_t i = 0; i < nr; i++)
		set_move(&calls[2 * i], step[i].parking, (uint64_t)step[i].number,
			 dup_flags(live, step[i].number));
	return snap_room_call(&restorer->room, restorer->worker, calls, 2 * nr, false);
}

snap_err snap_do_park_fd(struct snap_restorer *restorer, const struct snap_step *step)
{
	size_t nr = snap_step_run(restorer, step);
	if (!nr)
		return SNAP_OK;
	_cleanup_free_ struct snap_call *calls = NULL;
	SNAP_TRY(make_moves(nr, &calls));
	for (size_t i = 0; i < nr; i++)
		set_move(&calls[2 * i], (uint64_t)step[i].number, step[i].parking,
			 O_CLOEXEC);
	snap_restorer_push(restorer, "put descriptors back", undo_park, step, nr, 0, 0);
	return snap_fd_calls(restorer, calls, 2 * nr, "put aside", step, 2);
}

static snap_err undo_set(struct snap_restorer *restorer, const struct snap_step *step,
			 const uint64_t values[SNAP_UNDO_VALUES])
{
	size_t nr = values[0];
	_cleanup_free_ struct snap_call *calls = calloc(nr, sizeof(*calls));
	if (!calls)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++)
		calls[i] = (struct snap_call)SNAP_CALL(CLOSE, (uint64_t)step[i].number);
	return snap_room_call(&restorer->room, restorer->worker, calls, nr, false);
}

/** Nothing has the number: what had is put aside. */
snap_err snap_do_set_fd(struct snap_restorer *restorer, const struct snap_step *step)
{
	size_t nr = snap_step_run(restorer, step);
	if (!nr)
		return SNAP_OK;
	_cleanup_free_ struct snap_call *calls = calloc(nr, sizeof(*calls));
	if (!calls)
		return &snap_enomem;
	const struct snap_fd_table *image = &restorer->plan->image->files;
	for (size_t i = 0; i < nr; i++)
		calls[i] =
			(struct snap_call)SNAP_CALL(DUP3, step[i].parking,
						    (uint64_t)step[i].number,
						    dup_flags(image, step[i].number));
	snap_restorer_push(restorer, "close the descriptors that it had made", undo_set,
			   step, nr, 0, 0);
	return snap_fd_calls(restorer, calls, nr, "make", step, 1);
}

static snap_err set_flags(struct snap_restorer *restorer, const struct snap_step *step,
			  size_t nr, const struct snap_fd_table *table)
{
	_cleanup_free_ struct snap_call *calls = calloc(nr, sizeof(*calls));
	if (!calls)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++)
		calls[i] = (struct snap_call)
			SNAP_CALL(FCNTL, (uint64_t)step[i].number, F_SETFD,
				  snap_fd_is_cloexec(table, step[i].number) ? FD_CLOEXEC
									    : 0);
	return snap_fd_calls(restorer, calls, nr, "set the flag of", step, 1);
}

static snap_err undo_flags(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_flags(restorer, step, values[0], &restorer->plan->live->files);
}

snap_err snap_do_set_fd_flag(struct snap_restorer *restorer,
			     const struct snap_step *step)
{
	size_t nr = snap_step_run(restorer, step);
	if (!nr)
		return SNAP_OK;
	snap_restorer_push(restorer, "put back close-on-exec", undo_flags, step, nr, 0,
			   0);
	return set_flags(restorer, step, nr, &restorer->plan->image->files);
}

snap_err snap_do_widen_fd_limit(struct snap_restorer *restorer,
				const struct snap_step *step)
{
	bool ignored;
	return snap_widen_limit(restorer, RLIMIT_NOFILE, &ignored);
}

/**
 * There is no way back from here, so it has to succeed: what could not be closed at
 * once is tried again. A descriptor is free whatever close(2) says (its manual page).
 */
snap_err snap_do_close_fds(struct snap_restorer *restorer, const struct snap_step *step)
{
	size_t nr = snap_step_run(restorer, step);
	if (!nr)
		return SNAP_OK;
	_cleanup_free_ struct snap_call *calls = calloc(nr, sizeof(*calls));
	if (!calls)
		return &snap_enomem;
	for (size_t i = 0; i < nr; i++)
		calls[i] = (struct snap_call)SNAP_CALL(CLOSE, (uint64_t)step[i].number);
	snap_err error =
		snap_room_call(&restorer->room, restorer->worker, calls, nr, false);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_room_call(&restorer->room, restorer->worker, calls, nr, false);
}
