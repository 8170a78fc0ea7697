/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_RESUME_H
#define SNAP_TRACEE_RESUME_H

#include "core/tracee/tracee.h"

/** Where a thread may run to. */
enum snap_resume {
	/** The next entry or exit of a system call (PTRACE_SYSCALL). */
	SNAP_RESUME_TO_SYSCALL,
	/** A signal (PTRACE_CONT). */
	SNAP_RESUME_TO_SIGNAL,
};

/** What stopped the thread. */
struct snap_stop {
	/** A system call stop; the tracer has set PTRACE_O_TRACESYSGOOD, as GDB does.
	 */
	bool is_syscall;
	/** Of a signal-delivery-stop; 0 at a system call stop. */
	int signal;
	/** PTRACE_EVENT_…, 0: none. */
	int event;
};

/**
 * Let one stopped thread run without a signal and wait for its next stop.
 *
 * SNAP_ERROR_GONE when it ended instead.
 */
_must_check_ snap_err snap_tracee_resume(struct snap_tracee *tracee, pid_t tid,
					 enum snap_resume how, struct snap_stop *ret);

/**
 * Let one stopped thread run, that is to end at once, and wait until it has: its exit
 * status is left for the debugger. A SIGSTOP that was on its way is passed over.
 *
 * Can be called again when it failed.
 */
_must_check_ snap_err snap_tracee_run_to_end(struct snap_tracee *tracee, pid_t tid);

/** tgkill(2): queue a signal for one thread. */
_must_check_ snap_err snap_tracee_signal(struct snap_tracee *tracee, pid_t tid,
					 int signal);

#endif
