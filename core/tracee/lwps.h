/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_LWPS_H
#define SNAP_TRACEE_LWPS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/progress.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * What the small tracer knows of the threads that it traces, and how it learns it: one
 * event at a time.
 */

/** One traced thread (the kernel's light-weight process). */
struct snap_lwp {
	pid_t tid;
	/** It was resumed, and no stop of it has been seen since. */
	bool is_running;
	/** The leader, ended before the others: its status comes when they have too. */
	bool is_zombie;
	/** A SIGSTOP of ours is queued and has not stopped it yet. */
	bool is_stop_due;
	/** The signal that stopped it and that it has not got yet; 0: none. */
	int signal;
};

struct snap_tracer {
	struct snap_tracee tracee;
	struct snap_lwp *lwps;
	size_t nr_lwps;
	bool has_ended;
	/** Once it has ended; 128 + N: signal N killed it. */
	int exit_status;
};

struct snap_lwp *snap_lwp_find(const struct snap_tracer *tracer, pid_t tid);

/** Whether a thread runs that will stop or end without another's doing. */
bool snap_lwps_are_running(const struct snap_tracer *tracer);

/** Trace one more thread, whose first stop, by SIGSTOP, is still to come. */
_must_check_ snap_err snap_lwp_add(struct snap_tracer *tracer, pid_t tid);

/** Let a stopped thread run, with the signal that it has not got yet. */
_must_check_ snap_err snap_lwp_resume(struct snap_tracer *tracer, struct snap_lwp *lwp);

/** Queue a SIGSTOP for a running thread. */
_must_check_ snap_err snap_lwp_interrupt(struct snap_tracer *tracer,
					 struct snap_lwp *lwp);

/**
 * Wait until one running thread stops or ends, and take note of it: threads come and
 * go, `has_ended` may become true. A thread that stopped stays stopped.
 *
 * @param progress Asked several times a second whether to go on; may be NULL.
 */
_must_check_ snap_err snap_lwps_wait(struct snap_tracer *tracer,
				     const struct snap_progress *progress);

/** Take note of stopped threads that have ended all the same: somebody made them. */
_must_check_ snap_err snap_lwps_notice_ends(struct snap_tracer *tracer);

/**
 * Wait until no thread runs any more. Whoever stopped for another reason than a signal
 * goes on to the SIGSTOP that is due.
 */
_must_check_ snap_err snap_lwps_settle(struct snap_tracer *tracer);

#endif
