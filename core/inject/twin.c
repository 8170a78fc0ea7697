// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/twin.h"

#include <errno.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/wait.h>

#include "core/inject/room.h"
#include "core/tracee/newborn.h"
#include "core/tracee/registers.h"

/*
 * Three things would give a plain fork away: the parent gets a SIGCHLD and a wait
 * status when the copy ends; the copy has every descriptor open, so that no reader of a
 * pipe sees its end; or, sharing the table of descriptors, it keeps that table, and
 * with it files and locks, beyond the process's exit.
 *
 * So there is a midwife, a process for some microseconds: it lives in the same memory
 * with a table of descriptors of its own, in which there are none, starts the twin,
 * which shares that table, and is ended. CLONE_UNTRACED keeps the debugger from an
 * event, CLONE_PTRACE stops the new process before its first instruction and makes it
 * ours.
 *
 * Where we are the parent of the process, both are made our children, too, and vanish
 * when we wait for them. Where we have only attached to it, the midwife is its child,
 * with 0 for a signal, so that no wait() without __WALL sees it; the twin is an orphan
 * when the midwife ends, and so the init process's; and the process itself waits for
 * the midwife, in an injected call (kernel/fork.c, copy_process(); kernel/exit.c,
 * wait_task_zombie(), find_new_reaper()).
 */
#define FLAGS ((uint64_t)CLONE_PTRACE | CLONE_UNTRACED | CLONE_FILES)

static snap_err refuse(int64_t result)
{
	return snap_error_os((int)-result, "the process cannot be copied");
}

/** Have a thread start a process, and take its first stop. *ret also on an error. */
static snap_err start(struct snap_borrowed *parent, uint64_t flags, pid_t *ret)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(parent, SNAP_SYS_CLONE, SNAP_ARGS(flags), &result));
	if (snap_call_failed(result))
		return refuse(result);
	*ret = (pid_t)result;
	return snap_newborn_collect(parent->tracee, *ret);
}

/** The midwife's part. */
static snap_err give_birth(struct snap_borrowed *worker, pid_t pid, uint64_t kinship,
			   pid_t *ret)
{
	_cleanup_borrowed_ struct snap_borrowed midwife = { 0 };
	SNAP_TRY(snap_borrow_newborn(worker, pid, &midwife));
	int64_t result;
	SNAP_TRY(snap_borrowed_call(&midwife, SNAP_SYS_CLOSE_RANGE,
				    SNAP_ARGS(0, UINT32_MAX, CLOSE_RANGE_UNSHARE),
				    &result));
	if (result)
		return refuse(result);
	return start(&midwife, FLAGS | kinship, ret);
}

/** The process waits for the midwife, which has ended, so that nobody else can. */
static snap_err reap(struct snap_borrowed *worker, pid_t midwife)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(worker, SNAP_SYS_WAIT4,
				    SNAP_ARGS((uint64_t)midwife, 0, __WALL | WNOHANG),
				    &result));
	return result == midwife ? SNAP_OK : refuse(result ? result : -ECHILD);
}

snap_err snap_twin_make(struct snap_borrowed *worker,
			const struct snap_snapshot *process, struct snap_twin *ret)
{
	bool are_parent = process->ppid == getpid();
	uint64_t kinship = are_parent ? CLONE_PARENT : 0;
	_cleanup_newborn_ pid_t twin = 0;
	pid_t midwife = 0;
	_cleanup_error_ snap_err error =
		start(worker, FLAGS | CLONE_VM | kinship, &midwife);
	if (!error)
		error = give_birth(worker, midwife, kinship, &twin);
	snap_newborn_end(midwife);
	if (midwife && !are_parent) {
		// Once more if it must be: nothing may stay.
		snap_err unreaped = reap(worker, midwife);
		if (unreaped) {
			snap_error_destroy(unreaped);
			unreaped = reap(worker, midwife);
		}
		if (unreaped && !error)
			return unreaped;
		snap_error_destroy(unreaped);
	}
	if (error)
		return snap_take(error);
	ret->pid = twin;
	twin = 0;
	return SNAP_OK;
}

void snap_twin_deinit(struct snap_twin *twin)
{
	snap_newborn_end(twin->pid);
	twin->pid = 0;
}
