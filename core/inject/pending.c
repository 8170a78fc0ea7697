// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/pending.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/inject/restorer.h"
#include "core/tracee/memory.h"
#include "core/tracee/pending.h"
#include "core/tracee/proc.h"

/**
 * @file
 * Pending signals are taken out of their queues by rt_sigtimedwait(2) and put in again
 * by rt_sigqueueinfo(2) and rt_tgsigqueueinfo(2).
 *
 * rt_sigtimedwait takes from the thread's own queue first, then from the process's, so
 * all queues are emptied together. A siginfo as the kernel or kill(2) makes it (si_code
 * not negative, or SI_TKILL) may be queued only by a thread for itself, or by the
 * leader for the process (kernel/signal.c, do_rt_sigqueueinfo(),
 * do_rt_tgsigqueueinfo()).
 */

/** sizeof(sigset_t) of the kernel. */
#define KERNEL_SIGSET_SIZE 8

/** How many signals one batch takes away, or queues. */
#define BATCH ((size_t)16)

void snap_queues_deinit(struct snap_queues *queues)
{
	for (size_t i = 0; i < queues->nr_threads; i++)
		snap_pending_deinit(&queues->threads[i]);
	free(queues->threads);
	snap_pending_deinit(&queues->shared);
	*queues = (struct snap_queues){ 0 };
}

/** What is pending right now. */
static snap_err read_queues(struct snap_restorer *restorer, struct snap_queues *ret)
{
	const struct snap_snapshot *image = restorer->plan->image;
	struct snap_tracee *tracee = restorer->tracee;
	_cleanup_queues_ struct snap_queues queues = {
		.threads = calloc(image->nr_threads, sizeof(*queues.threads)),
	};
	if (!queues.threads)
		return &snap_enomem;
	queues.nr_threads = image->nr_threads;
	SNAP_TRY(snap_tracee_read_pending(tracee, tracee->pid, true, &queues.shared));
	for (size_t i = 0; i < image->nr_threads; i++)
		SNAP_TRY(snap_tracee_read_pending(tracee, image->threads[i].tid, false,
						  &queues.threads[i]));
	*ret = queues;
	queues = (struct snap_queues){ 0 };
	return SNAP_OK;
}

/** Take away what a thread can get, until there is no more. */
static snap_err drain(struct snap_restorer *restorer, struct snap_borrowed *who)
{
	struct {
		uint64_t set;
		uint64_t timeout[2];
	} const arguments = { .set = UINT64_MAX };

	uint64_t data = restorer->room.data;
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &arguments,
				   sizeof(arguments)));
	for (;;) {
		struct snap_call calls[BATCH];
		for (size_t i = 0; i < BATCH; i++)
			calls[i] = (struct snap_call)SNAP_CALL(RT_SIGTIMEDWAIT, data, 0,
							       data + sizeof(uint64_t),
							       KERNEL_SIGSET_SIZE);
		SNAP_TRY(snap_room_call(&restorer->room, who, calls, BATCH, true));
		for (size_t i = 0; i < BATCH; i++) {
			if (calls[i].result == -EAGAIN)
				return SNAP_OK;
			if (snap_call_failed(calls[i].result))
				return snap_error_os(
					(int)-calls[i].result,
					"the pending signals of thread %d cannot be "
					"taken away",
					(int)who->thread.tid);
		}
	}
}

static bool is_only_stop(const struct snap_pending *pending)
{
	return !(snap_pending_set(pending) & ~snap_signal_bit(SIGSTOP));
}

static snap_err drain_all(struct snap_restorer *restorer,
			  const struct snap_queues *queues)
{
	if (!is_only_stop(&queues->shared))
		SNAP_TRY(drain(restorer, restorer->worker));
	for (size_t i = 0; i < queues->nr_threads; i++)
		if (!is_only_stop(&queues->threads[i]))
			SNAP_TRY(drain(restorer, &restorer->threads[i]));
	return SNAP_OK;
}

/** The process and a thread by the numbers that they know themselves by. */
static snap_err ask_ids(struct snap_restorer *restorer, struct snap_borrowed *who,
			uint64_t *ret_pid, uint64_t *ret_tid)
{
	struct snap_call calls[] = { SNAP_CALL(GETPID), SNAP_CALL(GETTID) };
	SNAP_TRY(snap_room_call(&restorer->room, who, calls, 2, false));
	*ret_pid = (uint64_t)calls[0].result;
	*ret_tid = (uint64_t)calls[1].result;
	return SNAP_OK;
}

static snap_err check_queued(const struct snap_siginfo *info, int64_t result)
{
	int signal = snap_siginfo_signal(info);
	if (result == -EAGAIN)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "signal %d cannot be queued again: the user "
					  "has as many signals queued as allowed",
					  signal),
			"raise the limit (ulimit -i), or let other processes take "
			"theirs");
	if (snap_call_failed(result))
		return snap_error_os((int)-result, "signal %d cannot be queued again",
				     signal);
	return SNAP_OK;
}

/** Queue at most BATCH signals. */
static snap_err queue_some(struct snap_restorer *restorer, struct snap_borrowed *who,
			   bool is_shared, const struct snap_siginfo *infos, size_t nr)
{
	uint64_t pid, tid;
	SNAP_TRY(ask_ids(restorer, who, &pid, &tid));
	struct snap_call calls[BATCH];
	for (size_t i = 0; i < nr; i++) {
		uint64_t signal = (uint64_t)snap_siginfo_signal(&infos[i]);
		uint64_t place = restorer->room.data + i * sizeof(*infos);
		struct snap_call shared =
			SNAP_CALL(RT_SIGQUEUEINFO, pid, signal, place);
		struct snap_call private =
			SNAP_CALL(RT_TGSIGQUEUEINFO, pid, tid, signal, place);
		// It is sent when no thread runs any more: snap_queue_stops().
		struct snap_call nothing = SNAP_CALL(GETTID);
		calls[i] = signal == SIGSTOP ? nothing : is_shared ? shared : private;
	}
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, infos,
				   nr * sizeof(*infos)));
	SNAP_TRY(snap_room_call(&restorer->room, who, calls, nr, true));
	for (size_t i = 0; i < nr; i++)
		SNAP_TRY(check_queued(&infos[i], calls[i].result));
	return SNAP_OK;
}

static snap_err queue(struct snap_restorer *restorer, struct snap_borrowed *who,
		      bool is_shared, const struct snap_pending *pending)
{
	for (size_t done = 0; done < pending->nr; done += BATCH) {
		size_t left = pending->nr - done;
		SNAP_TRY(queue_some(restorer, who, is_shared, pending->list + done,
				    left < BATCH ? left : BATCH));
	}
	return SNAP_OK;
}

/** The queues as an image has them; they stay the image's. */
static snap_err image_queues(const struct snap_snapshot *image, struct snap_queues *ret)
{
	ret->shared = image->signals.pending;
	ret->threads = calloc(image->nr_threads, sizeof(*ret->threads));
	if (!ret->threads)
		return &snap_enomem;
	ret->nr_threads = image->nr_threads;
	for (size_t i = 0; i < image->nr_threads; i++)
		ret->threads[i] = image->threads[i].pending;
	return SNAP_OK;
}

static uint64_t all_signals(const struct snap_queues *queues)
{
	uint64_t set = snap_pending_set(&queues->shared);
	for (size_t i = 0; i < queues->nr_threads; i++)
		set |= snap_pending_set(&queues->threads[i]);
	return set;
}

static snap_err queue_all(struct snap_restorer *restorer,
			  const struct snap_queues *queues)
{
	uint64_t set = all_signals(queues) | all_signals(&restorer->drained);
	for (size_t i = 0; i < queues->nr_threads; i++)
		SNAP_TRY(snap_borrowed_expect(&restorer->threads[i], set));
	SNAP_TRY(queue(restorer, restorer->worker, true, &queues->shared));
	for (size_t i = 0; i < queues->nr_threads; i++)
		SNAP_TRY(queue(restorer, &restorer->threads[i], false,
			       &queues->threads[i]));
	return SNAP_OK;
}

static snap_err undo_drain(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	// What is there is half of it.
	struct snap_queues *drained = &restorer->drained;
	SNAP_TRY(drain_all(restorer, drained));
	return queue_all(restorer, drained);
}

snap_err snap_do_drain(struct snap_restorer *restorer, const struct snap_step *step)
{
	SNAP_TRY(read_queues(restorer, &restorer->drained));
	snap_restorer_push(restorer, "queue pending signals again", undo_drain, step, 0,
			   0, 0);
	return drain_all(restorer, &restorer->drained);
}

static snap_err undo_queue(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	_cleanup_queues_ struct snap_queues queues = { 0 };
	SNAP_TRY(read_queues(restorer, &queues));
	return drain_all(restorer, &queues);
}

snap_err snap_do_queue(struct snap_restorer *restorer, const struct snap_step *step)
{
	struct snap_queues queues = { 0 };
	SNAP_TRY(image_queues(step->wanted, &queues));
	snap_restorer_push(restorer, "take away pending signals", undo_queue, step, 0,
			   0, 0);
	snap_err error = queue_all(restorer, &queues);
	free(queues.threads);
	return error;
}

static snap_err queue_stop(struct snap_tracee *tracee, pid_t tid,
			   const struct snap_pending *pending)
{
	const struct snap_siginfo *stop = snap_pending_find(pending, SIGSTOP);
	if (!stop)
		return SNAP_OK;
	return snap_tracee_queue(tracee, tid, stop);
}

snap_err snap_queue_stops(struct snap_tracee *tracee, const struct snap_snapshot *image)
{
	for (size_t i = 0; i < image->nr_threads; i++)
		SNAP_TRY(queue_stop(tracee, image->threads[i].tid,
				    &image->threads[i].pending));
	return queue_stop(tracee, 0, &image->signals.pending);
}
