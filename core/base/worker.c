// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/worker.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/** How long a wait goes on between two reports, in nanoseconds. */
#define PATIENCE 50000000

void snap_worker_init(struct snap_worker *worker)
{
	*worker = (struct snap_worker){ .owner = getpid() };
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->is_over_cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

bool snap_worker_is_foreign(const struct snap_worker *worker)
{
	return worker->owner != getpid();
}

void snap_worker_join(struct snap_worker *worker)
{
	if (worker->has_thread)
		pthread_join(worker->thread, NULL);
	worker->has_thread = false;
}

void snap_worker_deinit(struct snap_worker *worker)
{
	if (snap_worker_is_foreign(worker))
		return;
	snap_worker_cancel(worker);
	snap_worker_join(worker);
	pthread_cond_destroy(&worker->is_over_cond);
	pthread_mutex_destroy(&worker->mutex);
	snap_error_destroy(worker->error);
	worker->error = NULL;
}

static void *run(void *context)
{
	struct snap_worker *worker = context;
	snap_err error = worker->work(worker->context);
	pthread_mutex_lock(&worker->mutex);
	worker->error = error;
	worker->is_over = true;
	pthread_cond_broadcast(&worker->is_over_cond);
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

/** The debugger's signals are not for us. */
static bool start_thread(struct snap_worker *worker, const char *name)
{
	sigset_t all, before;
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return false;
	int os_errno = pthread_create(&worker->thread, NULL, run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!os_errno)
		pthread_setname_np(worker->thread, name);
	return !os_errno;
}

void snap_worker_start(struct snap_worker *worker, const char *name,
		       snap_err (*work)(void *context), void *context)
{
	worker->work = work;
	worker->context = context;
	worker->has_thread = start_thread(worker, name);
	if (!worker->has_thread)
		run(worker);
}

bool snap_worker_is_over(struct snap_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool over = worker->is_over;
	pthread_mutex_unlock(&worker->mutex);
	return over;
}

bool snap_worker_wait_a_little(struct snap_worker *worker)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&worker->mutex);
	if (!worker->is_over)
		pthread_cond_timedwait(&worker->is_over_cond, &worker->mutex, &until);
	bool over = worker->is_over;
	pthread_mutex_unlock(&worker->mutex);
	return over;
}

snap_err snap_worker_wait(struct snap_worker *worker,
			  const struct snap_progress *progress, const char *phase,
			  uint64_t total)
{
	if (snap_worker_is_foreign(worker)) {
		worker->has_thread = false;
		if (snap_worker_is_over(worker))
			return SNAP_OK;
		return snap_error_create(
			SNAP_ERROR_INVALID,
			"process %d, of which this one is a fork, is still at "
			"work on it",
			(int)worker->owner);
	}
	while (!snap_worker_is_over(worker) && !snap_worker_wait_a_little(worker))
		SNAP_TRY(snap_progress_report(progress, phase,
					      atomic_load(&worker->done), total));
	snap_worker_join(worker);
	return SNAP_OK;
}
