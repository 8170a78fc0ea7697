/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_START_H
#define SNAP_INJECT_START_H

#include "core/plan/plan.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * Threads that have ended are started again, with the numbers that they had, before a
 * restore lands them like all the others.
 *
 * A debugger knows of a thread only if it has seen the event of its start, of a thread
 * that it has let run itself. So the calls are prepared here, in a page of ours, and
 * the debugger lets one thread make them. The new threads wait in that page until then.
 */

/** The debugger's way to let a thread run. */
struct snap_runner {
	/**
	 * Let one thread run, no other that there is now, until it comes to an address,
	 * or until a signal stops it that it sends itself a little later. The threads
	 * that it starts meanwhile are traced and stopped, too.
	 *
	 * On an error the thread is stopped, wherever it has come to.
	 *
	 * NULL: threads cannot be started.
	 */
	snap_err (*run)(void *context, pid_t tid, uint64_t address, int signal);
	void *context;
};

/** Whether the plan has threads that are to be started. */
bool snap_has_threads_to_start(const struct snap_plan *plan);

/**
 * Check what can be checked without touching the process: that it may choose the
 * numbers, and that they are free.
 */
_must_check_ snap_err snap_start_validate(struct snap_tracee *tracee,
					  const struct snap_plan *plan);

/** Start the threads; the rest of the process stays as it is. All, or none. */
_must_check_ snap_err snap_start_threads(struct snap_tracee *tracee,
					 const struct snap_plan *plan,
					 const struct snap_runner *runner);

/**
 * End those that were started.
 *
 * @param cause Why; consumed.
 * @return `cause`; or SNAP_ERROR_UNDO when one could not be ended.
 */
_must_check_ snap_err snap_unstart_threads(struct snap_tracee *tracee,
					   const struct snap_plan *plan,
					   snap_err cause);

#endif
