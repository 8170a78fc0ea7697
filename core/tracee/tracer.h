/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_TRACER_H
#define SNAP_TRACEE_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/base/progress.h"

/**
 * @file
 * A small tracer, for programs that are no debugger: our tests.
 *
 * It traces as GDB does, with PTRACE_TRACEME or PTRACE_ATTACH and GDB's options, never
 * with PTRACE_SEIZE, so that the core meets the kinds of stops that it meets in GDB. As
 * in GDB, a SIGSTOP may still be queued in a thread that another signal stopped first.
 * Between two calls every thread is stopped, but for what snap_tracer_resume() says.
 * Children that the process forks run free. All calls come from one thread.
 */
struct snap_tracer;

/**
 * Start a program under ptrace; it is stopped before its first instruction and ends
 * when we do.
 *
 * @param argv Ends with NULL, has a first element; searched for in $PATH.
 * @param wanted The number that the process shall have; it gets another one where that
 *	is in use or may not be chosen. 0: any.
 * @param[out] ret Owned by the caller: snap_tracer_destroy().
 */
_must_check_ snap_err snap_tracer_spawn(char *const argv[], pid_t wanted,
					struct snap_tracer **ret);

/** Attach to every thread of a process and stop them; on error to none. */
_must_check_ snap_err snap_tracer_attach(pid_t pid, struct snap_tracer **ret);

/** Forget what is known of a process, and do nothing to it. */
void snap_tracer_destroy(struct snap_tracer *tracer);

static inline void snap_tracer_cleanup(struct snap_tracer **tracer)
{
	snap_tracer_destroy(*tracer);
}

#define _cleanup_tracer_ _cleanup_(snap_tracer_cleanup)

pid_t snap_tracer_pid(const struct snap_tracer *tracer);

/** Let all threads run and return at once. What happens to them waits to be noticed. */
_must_check_ snap_err snap_tracer_resume(struct snap_tracer *tracer);

/**
 * Let all threads run until one of them is about to get a signal of a set, then stop
 *all.
 *
 * The signal found is not passed on; all others are, with their siginfo. On an error
 * the threads are stopped too.
 *
 * @param signals Bit N-1 for signal N.
 * @param progress Asked several times a second whether to go on; may be NULL.
 * @param[out] ret The signal, or the negated exit status when the process has ended
 *	(128 + N when signal N killed it).
 * @param[out] ret_has_ended Told apart from an exit status of 0.
 */
_must_check_ snap_err snap_tracer_run_until(struct snap_tracer *tracer,
					    uint64_t signals,
					    const struct snap_progress *progress,
					    int *ret, bool *ret_has_ended);

/** Stop all threads. SNAP_ERROR_GONE when the process has ended. */
_must_check_ snap_err snap_tracer_stop(struct snap_tracer *tracer);

/**
 * Let one stopped thread run, no other that there is now, until a signal stops it,
 * which it does not get. The threads that it starts are traced and stopped, too. The
 * signal that it has not got yet waits meanwhile.
 */
_must_check_ snap_err snap_tracer_run_one(struct snap_tracer *tracer, pid_t tid,
					  int signal);

/** Take note of threads that a restore has ended. */
_must_check_ snap_err snap_tracer_notice_ends(struct snap_tracer *tracer);

/**
 * The process was put back in time: the signals that its threads were stopped by and
 * have not got yet belong to what did not happen.
 */
void snap_tracer_drop_signals(struct snap_tracer *tracer);

/** Leave all threads and let them run, each with the signal that it has not got yet. */
_must_check_ snap_err snap_tracer_detach(struct snap_tracer *tracer);

/** Kill the process and reap it. */
_must_check_ snap_err snap_tracer_kill(struct snap_tracer *tracer);

#endif
