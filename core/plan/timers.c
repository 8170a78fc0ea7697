// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/timers.h"

#include <inttypes.h>

#include "core/plan/explain.h"

/** Of include/uapi/asm-generic/siginfo.h. */
#define NOTIFY_THREAD_ID 4

/**
 * CLOCK_THREAD_CPUTIME_ID as the kernel notes it (THREAD_CLOCK in
 * kernel/time/posix-cpu-timers.c): the time of the thread that has made the timer.
 */
#define OWN_THREADS_CLOCK (-2)

static snap_err add_interval(struct snap_plan *plan, enum snap_step_kind kind,
			     int which)
{
	return snap_plan_add(plan,
			     &(struct snap_step){
				     .kind = kind,
				     .number = which,
				     .wanted = kind == SNAP_STEP_STOP_INTERVAL
						       ? NULL
						       : &plan->image->timers
								  .intervals[which],
				     .is = &plan->live->timers.intervals[which],
			     });
}

static snap_err plan_intervals(struct snap_plan *plan)
{
	static const struct snap_timer_time stopped;
	for (int which = 0; which < SNAP_NR_INTERVALS; which++) {
		const struct snap_timer_time *wanted =
			&plan->image->timers.intervals[which];
		const struct snap_timer_time *is = &plan->live->timers.intervals[which];
		if (snap_timer_time_is_equal(wanted, is))
			continue;
		if (is->left) {
			SNAP_TRY(add_interval(plan, SNAP_STEP_STOP_INTERVAL, which));
			is = &stopped;
		}
		if (!snap_timer_time_is_equal(wanted, is))
			SNAP_TRY(add_interval(plan, SNAP_STEP_ARM_INTERVAL, which));
	}
	return SNAP_OK;
}

static snap_err add(struct snap_plan *plan, enum snap_step_kind kind,
		    const struct snap_timer *wanted, const struct snap_timer *is)
{
	return snap_plan_add(plan, &(struct snap_step){
					   .kind = kind,
					   .number = wanted ? wanted->id : is->id,
					   .wanted = wanted,
					   .is = is,
				   });
}

_must_check_ static snap_err refuse(const struct snap_timer *timer, const char *why)
{
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_REFUSED,
			"POSIX timer %d was deleted since the snapshot, and %s",
			timer->id, why),
		"restore a snapshot that was taken after it was deleted");
}

static snap_err check_create(const struct snap_plan *plan,
			     const struct snap_timer *timer)
{
	// An image does not say what its kernel could. A new process counts from 0.
	bool can_count = plan->live->state.is_new && timer->id < SNAP_MAX_COUNTED_ID;
	if (!plan->live->timers.can_choose_ids && !plan->is_comparison && !can_count)
		return refuse(timer, "only Linux 6.15 and newer can make a timer with "
				     "the number of one that was deleted");
	if (timer->notify & NOTIFY_THREAD_ID &&
	    !snap_snapshot_thread(plan->image, timer->tid))
		return refuse(timer, "the thread that it signals had ended before");
	if (timer->clock == OWN_THREADS_CLOCK && plan->image->nr_threads > 1)
		return refuse(timer, "the kernel does not tell which thread's time it "
				     "measured");
	return SNAP_OK;
}

static snap_err plan_create(struct snap_plan *plan, const struct snap_timer *wanted)
{
	SNAP_TRY(snap_plan_refuse(plan, check_create(plan, wanted)));
	SNAP_TRY(add(plan, SNAP_STEP_CREATE_TIMER, wanted, NULL));
	if (!wanted->time.left)
		return SNAP_OK;
	return add(plan, SNAP_STEP_ARM_TIMER, wanted, NULL);
}

static snap_err plan_stop(struct snap_plan *plan, const struct snap_timer *is)
{
	return is->time.left ? add(plan, SNAP_STEP_STOP_TIMER, NULL, is) : SNAP_OK;
}

static bool is_same_timer(const struct snap_timer *a, const struct snap_timer *b)
{
	return a->clock == b->clock && a->signal == b->signal &&
	       a->notify == b->notify && a->tid == b->tid && a->value == b->value;
}

/** One id, which one or both of the two have. */
static snap_err plan_timer(struct snap_plan *plan, const struct snap_timer *wanted,
			   const struct snap_timer *is)
{
	if (!is)
		return plan_create(plan, wanted);
	if (!wanted) {
		SNAP_TRY(plan_stop(plan, is));
		return add(plan, SNAP_STEP_DELETE_TIMER, NULL, is);
	}
	if (!is_same_timer(wanted, is)) {
		SNAP_TRY(plan_stop(plan, is));
		SNAP_TRY(add(plan, SNAP_STEP_CLEAR_TIMER, NULL, is));
		return plan_create(plan, wanted);
	}
	if (snap_timer_time_is_equal(&wanted->time, &is->time))
		return SNAP_OK;
	SNAP_TRY(plan_stop(plan, is));
	if (!wanted->time.left)
		return SNAP_OK;
	return add(plan, SNAP_STEP_ARM_TIMER, wanted, is);
}

static snap_err plan_list(struct snap_plan *plan)
{
	const struct snap_timers *image = &plan->image->timers;
	const struct snap_timers *live = &plan->live->timers;
	for (size_t i = 0, j = 0; i < image->nr || j < live->nr;) {
		const struct snap_timer *wanted =
			i < image->nr ? &image->list[i] : NULL;
		const struct snap_timer *is = j < live->nr ? &live->list[j] : NULL;
		if (wanted && is && wanted->id < is->id)
			is = NULL;
		else if (wanted && is && is->id < wanted->id)
			wanted = NULL;
		SNAP_TRY(plan_timer(plan, wanted, is));
		i += !!wanted;
		j += !!is;
	}
	return SNAP_OK;
}

snap_err snap_plan_timers(struct snap_plan *plan)
{
	const struct snap_timers *image = &plan->image->timers;
	const struct snap_timers *live = &plan->live->timers;
	if (!image->is_captured || !live->is_captured)
		return SNAP_OK;
	SNAP_TRY(plan_intervals(plan));
	if (!image->is_list_captured || !live->is_list_captured)
		return SNAP_OK;
	return plan_list(plan);
}

/** Up to milliseconds, or as it is where there is less. */
static snap_err describe_seconds(uint64_t ns, struct snap_buffer *ret)
{
	if (ns < 1000000)
		return snap_describe(ret, "%" PRIu64 " ns", ns);
	return snap_describe(ret, "%" PRIu64 ".%03" PRIu64 " s", ns / 1000000000,
			     ns / 1000000 % 1000);
}

/** How it is to be set, where a step sets it. */
static snap_err describe_time(const struct snap_timer_time *time,
			      struct snap_buffer *ret)
{
	if (!time->left)
		return snap_describe(ret, ", not running");
	SNAP_TRY(snap_describe(ret, ", "));
	SNAP_TRY(describe_seconds(time->left, ret));
	SNAP_TRY(snap_describe(ret, " left"));
	if (!time->interval)
		return SNAP_OK;
	SNAP_TRY(snap_describe(ret, ", then every "));
	return describe_seconds(time->interval, ret);
}

snap_err snap_describe_interval(const struct snap_step *step, struct snap_buffer *ret)
{
	static const char *const names[SNAP_NR_INTERVALS] = { "REAL", "VIRTUAL",
							      "PROF" };
	SNAP_TRY(snap_describe(ret, "timer ITIMER_%s", names[step->number]));
	return step->wanted ? describe_time(step->wanted, ret) : SNAP_OK;
}

snap_err snap_describe_timer(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_timer *wanted = step->wanted;
	SNAP_TRY(snap_describe(ret, "POSIX timer %d", step->number));
	return wanted ? describe_time(&wanted->time, ret) : SNAP_OK;
}
