/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_WORKER_H
#define SNAP_BASE_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "core/base/progress.h"

/**
 * Long work in a thread of ours, beside the debugger: it has all signals blocked, and
 * makes no ptrace call.
 *
 * But for what is said to be for the work itself, and is_over() and wait_a_little(),
 * all functions are for the one thread that began it. A fork has neither the thread nor
 * what it works on.
 */
struct snap_worker {
	/** The process whose thread it is. */
	pid_t owner;
	bool has_thread;
	pthread_t thread;
	snap_err (*work)(void *context);
	void *context;
	atomic_bool is_cancelled;
	/** How far the work has come, as it says itself. */
	_Atomic uint64_t done;
	pthread_mutex_t mutex;
	pthread_cond_t is_over_cond;
	/** Under the mutex. */
	bool is_over;
	/** What the work returned: not to be looked at before it is over. Owned. */
	snap_err error;
};

/** Prepare; work that is never begun is not over. */
void snap_worker_init(struct snap_worker *worker);

/**
 * Cancel, wait until the work returns, and forget it. In a fork, nothing is waited for.
 */
void snap_worker_deinit(struct snap_worker *worker);

/** Whether this process is another than the one that began. */
bool snap_worker_is_foreign(const struct snap_worker *worker);

/**
 * Begin; where no thread can be had, the work is done at once.
 *
 * @param name Of the thread, at most 15 bytes.
 */
void snap_worker_start(struct snap_worker *worker, const char *name,
		       snap_err (*work)(void *context), void *context);

/** Have the work end early. It may be over before it notices. */
static inline void snap_worker_cancel(struct snap_worker *worker)
{
	atomic_store(&worker->is_cancelled, true);
}

/** For the work: whether it is to end early; it then returns what it likes. */
static inline bool snap_worker_is_cancelled(struct snap_worker *worker)
{
	return atomic_load(&worker->is_cancelled);
}

/** For any thread. */
bool snap_worker_is_over(struct snap_worker *worker);

/** Wait a twentieth of a second at most; whether it is over. For any thread. */
bool snap_worker_wait_a_little(struct snap_worker *worker);

/**
 * Wait until the work is over, and report how far it has come. SNAP_ERROR_INTERRUPTED:
 * it goes on; SNAP_ERROR_INVALID: it does so in the process that this one is a fork of.
 * What the work returned stays in `error`.
 */
_must_check_ snap_err snap_worker_wait(struct snap_worker *worker,
				       const struct snap_progress *progress,
				       const char *phase, uint64_t total);

/** The thread has ended when this returns; the work is over. */
void snap_worker_join(struct snap_worker *worker);

#endif
