// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/signals.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "core/plan/explain.h"

static bool is_same_action(const struct snap_sigaction *a,
			   const struct snap_sigaction *b)
{
	return a->handler == b->handler && a->flags == b->flags &&
	       a->restorer == b->restorer && a->mask == b->mask;
}

static snap_err plan_actions(struct snap_plan *plan)
{
	const struct snap_signals *image = &plan->image->signals;
	const struct snap_signals *live = &plan->live->signals;
	if (!image->is_captured || !live->is_captured)
		return SNAP_OK;
	for (int signal = 1; signal <= SNAP_NR_SIGNALS; signal++) {
		const struct snap_sigaction *wanted = &image->actions[signal - 1];
		const struct snap_sigaction *is = &live->actions[signal - 1];
		if (!snap_signal_has_action(signal) || is_same_action(wanted, is))
			continue;
		SNAP_TRY(snap_plan_add(plan, &(struct snap_step){
						     .kind = SNAP_STEP_ACTION,
						     .number = signal,
						     .wanted = wanted,
						     .is = is,
					     }));
	}
	return SNAP_OK;
}

/** SS_AUTODISARM counts; whether the thread is on it, its stack pointer tells. */
static bool is_same_altstack(const struct snap_thread *a, const struct snap_thread *b)
{
	const uint32_t autodisarm = UINT32_C(1) << 31;
	return a->altstack.sp == b->altstack.sp &&
	       a->altstack.size == b->altstack.size &&
	       !((a->altstack.flags ^ b->altstack.flags) & autodisarm);
}

static snap_err plan_altstacks(struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->image->nr_threads; i++) {
		const struct snap_thread *wanted = &plan->image->threads[i];
		const struct snap_thread *is =
			snap_snapshot_thread(plan->live, wanted->tid);
		if (!snap_thread_has(wanted, SNAP_THREAD_ALTSTACK) ||
		    (is && is_same_altstack(wanted, is)))
			continue;
		SNAP_TRY(snap_plan_add(plan, &(struct snap_step){
						     .kind = SNAP_STEP_ALTSTACK,
						     .tid = wanted->tid,
						     .wanted = wanted,
						     .is = is,
					     }));
	}
	return SNAP_OK;
}

/** How much is pending for the process and all its threads. */
static size_t count_pending(const struct snap_snapshot *snapshot)
{
	size_t nr = snapshot->signals.pending.nr;
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		nr += snapshot->threads[i].pending.nr;
	return nr;
}

static bool is_same_pending(const struct snap_plan *plan)
{
	static const struct snap_pending none;
	const struct snap_snapshot *image = plan->image, *live = plan->live;
	if (!snap_pending_is_equal(&image->signals.pending, &live->signals.pending) ||
	    count_pending(image) != count_pending(live))
		return false;
	for (size_t i = 0; i < image->nr_threads; i++) {
		const struct snap_thread *wanted = &image->threads[i];
		const struct snap_thread *is = snap_snapshot_thread(live, wanted->tid);
		if (!snap_pending_is_equal(&wanted->pending, is ? &is->pending : &none))
			return false;
	}
	return true;
}

static bool has_pending(const struct snap_snapshot *snapshot, int signal)
{
	bool has = snap_pending_find(&snapshot->signals.pending, signal);
	for (size_t i = 0; i < snapshot->nr_threads && !has; i++)
		has = snap_pending_find(&snapshot->threads[i].pending, signal);
	return has;
}

static snap_err check_queue(const struct snap_plan *plan)
{
	const struct snap_signals *image = &plan->image->signals;
	const struct snap_signals *live = &plan->live->signals;
	// Where the limit is one of what a restore puts back, that has been done
	// before.
	uint64_t limit = image->queue_limit > live->queue_limit ? image->queue_limit
								: live->queue_limit;
	uint64_t removed = count_pending(plan->live);
	uint64_t others = live->nr_queued > removed ? live->nr_queued - removed : 0;
	uint64_t nr = count_pending(plan->image);
	if (nr && others + nr > limit)
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "%" PRIu64
					  " pending signals cannot be queued again: "
					  "other processes of the user have %" PRIu64
					  " of at most %" PRIu64,
					  nr, others, limit),
			"raise the limit, with \"prlimit --sigpending=N --pid %d\" in a "
			"shell",
			(int)plan->live->identity.pid);
	return SNAP_OK;
}

/** A SIGSTOP removes a pending SIGCONT (kernel/signal.c, prepare_signal()). */
static snap_err check_continue(const struct snap_plan *plan)
{
	if (!has_pending(plan->image, SIGCONT))
		return SNAP_OK;
	for (size_t i = 0; i < plan->live->nr_threads; i++) {
		const struct snap_thread *thread = &plan->live->threads[i];
		if (thread->pending.has_stop_due)
			return snap_error_with_remedy(
				snap_error_create(
					SNAP_ERROR_REFUSED,
					"the SIGCONT that is pending in the snapshot "
					"and the debugger's SIGSTOP for thread %d "
					"exclude each other",
					(int)thread->tid),
				"type \"stepi\" in that thread, and try again");
	}
	return SNAP_OK;
}

/** Whether one of the steps planned so far is of a kind. */
static bool has_step(const struct snap_plan *plan, enum snap_step_kind kind)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == kind)
			return true;
	return false;
}

/**
 * An action that ignores a signal removes it from the queues; a timer that is set or
 * deleted takes back the signal that it has sent. So what is pending is queued again
 * whenever that may happen. A timer that runs sends one until it is stopped. Nothing of
 * that is a difference between two snapshots.
 */
static snap_err plan_pending(struct snap_plan *plan)
{
	const struct snap_snapshot *image = plan->image, *live = plan->live;
	bool may_send = has_step(plan, SNAP_STEP_STOP_INTERVAL) ||
			has_step(plan, SNAP_STEP_STOP_TIMER);
	bool may_lose = may_send || has_step(plan, SNAP_STEP_ACTION) ||
			has_step(plan, SNAP_STEP_ARM_TIMER) ||
			has_step(plan, SNAP_STEP_CLEAR_TIMER) ||
			has_step(plan, SNAP_STEP_DELETE_TIMER);
	if (!image->signals.pending.is_captured || !live->signals.pending.is_captured)
		return SNAP_OK;
	if ((!may_lose || plan->is_comparison) && is_same_pending(plan))
		return SNAP_OK;
	SNAP_TRY(snap_plan_refuse(plan, check_queue(plan)));
	SNAP_TRY(snap_plan_refuse(plan, check_continue(plan)));
	if (count_pending(live) || (may_send && !plan->is_comparison))
		SNAP_TRY(snap_plan_add(plan, &(struct snap_step){
						     .kind = SNAP_STEP_DRAIN,
						     .is = live,
					     }));
	if (count_pending(image))
		SNAP_TRY(snap_plan_add(plan, &(struct snap_step){
						     .kind = SNAP_STEP_QUEUE,
						     .wanted = image,
					     }));
	return SNAP_OK;
}

snap_err snap_plan_signals(struct snap_plan *plan)
{
	SNAP_TRY(plan_actions(plan));
	SNAP_TRY(plan_altstacks(plan));
	return plan_pending(plan);
}

snap_err snap_describe_signal(const struct snap_step *step, struct snap_buffer *ret)
{
	char name[SNAP_SIGNAL_NAME_SIZE];
	snap_signal_name(step->number, name);
	return snap_describe(ret, "%s", name);
}

/** "2 SIGUSR1, SIGRTMIN+1" */
static snap_err describe_set(const struct snap_pending *pending,
			     struct snap_buffer *ret)
{
	size_t counts[SNAP_NR_SIGNALS + 1] = { 0 };
	const char *comma = "";
	for (size_t i = 0; i < pending->nr; i++)
		counts[snap_siginfo_signal(&pending->list[i])]++;
	for (int signal = 1; signal <= SNAP_NR_SIGNALS; signal++) {
		char name[SNAP_SIGNAL_NAME_SIZE];
		if (!counts[signal])
			continue;
		snap_signal_name(signal, name);
		SNAP_TRY(snap_describe(ret, "%s", comma));
		if (counts[signal] > 1)
			SNAP_TRY(snap_describe(ret, "%zu ", counts[signal]));
		SNAP_TRY(snap_describe(ret, "%s", name));
		comma = ", ";
	}
	return SNAP_OK;
}

snap_err snap_describe_pending(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_snapshot *snapshot = step->wanted ? step->wanted : step->is;
	const char *and = "";
	if (!count_pending(snapshot))
		return snap_describe(ret, "what timers send until they are stopped");
	if (snapshot->signals.pending.nr) {
		SNAP_TRY(describe_set(&snapshot->signals.pending, ret));
		SNAP_TRY(snap_describe(ret, " of the process"));
		and = "; ";
	}
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_thread *thread = &snapshot->threads[i];
		if (!thread->pending.nr)
			continue;
		SNAP_TRY(snap_describe(ret, "%s", and));
		SNAP_TRY(describe_set(&thread->pending, ret));
		SNAP_TRY(snap_describe(ret, " of thread %d", (int)thread->tid));
		and = "; ";
	}
	return SNAP_OK;
}
