// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/timers.h"

#include <errno.h>
#include <string.h>

#include "core/inject/restorer.h"
#include "core/tracee/memory.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)

/** Timers that are made for their numbers in one resumption. */
#define COUNTED_AT_ONCE 16

/** A time beyond 584 years is as good as that. */
static uint64_t to_ns(uint64_t seconds, uint64_t fraction, uint64_t ns_per_fraction)
{
	uint64_t ns;
	if (__builtin_mul_overflow(seconds, NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, fraction * ns_per_fraction, &ns))
		return UINT64_MAX;
	return ns;
}

static struct snap_timer_time to_time(const struct snap_timer_spec *spec,
				      uint64_t ns_per_fraction)
{
	return (struct snap_timer_time){
		.interval =
			to_ns(spec->interval, spec->interval_fraction, ns_per_fraction),
		.left = to_ns(spec->left, spec->left_fraction, ns_per_fraction),
	};
}

struct snap_timer_time snap_time_of_timer(const struct snap_timer_spec *spec)
{
	return to_time(spec, 1);
}

struct snap_timer_time snap_time_of_interval(const struct snap_timer_spec *spec)
{
	return to_time(spec, NS_PER_US);
}

struct snap_timer_spec snap_spec_of_timer(const struct snap_timer_time *time)
{
	return (struct snap_timer_spec){
		.interval = time->interval / NS_PER_S,
		.interval_fraction = time->interval % NS_PER_S,
		.left = time->left / NS_PER_S,
		.left_fraction = time->left % NS_PER_S,
	};
}

static uint64_t to_us(uint64_t ns)
{
	return ns / NS_PER_US + !!(ns % NS_PER_US);
}

struct snap_timer_spec snap_spec_of_interval(const struct snap_timer_time *time)
{
	const uint64_t us_per_s = NS_PER_S / NS_PER_US;
	uint64_t interval = to_us(time->interval), left = to_us(time->left);
	return (struct snap_timer_spec){
		.interval = interval / us_per_s,
		.interval_fraction = interval % us_per_s,
		.left = left / us_per_s,
		.left_fraction = left % us_per_s,
	};
}

static const struct snap_timer_time stopped;

/** Set an interval timer, and look what the kernel has made of it. */
static snap_err try_interval(struct snap_restorer *restorer, int which,
			     const struct snap_timer_time *time,
			     struct snap_timer_time *ret)
{
	struct snap_timer_spec spec = snap_spec_of_interval(time);
	uint64_t data = restorer->room.data;
	struct snap_call calls[] = {
		SNAP_CALL(SETITIMER, (uint64_t)which, data),
		SNAP_CALL(GETITIMER, (uint64_t)which, data),
	};
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &spec, sizeof(spec)));
	SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, calls,
				SNAP_ARRAY_SIZE(calls), true));
	if (calls[1].result)
		return snap_error_os(calls[0].result ? (int)-calls[0].result : EINVAL,
				     "the process cannot set its interval timer %d",
				     which);
	SNAP_TRY(snap_tracee_read(restorer->tracee, data, &spec, sizeof(spec)));
	*ret = snap_time_of_interval(&spec);
	return SNAP_OK;
}

/**
 * The kernel adds a tick to what a timer of CPU time is set to (set_cpu_itimer() in
 * kernel/time/itimer.c), and no tick is ever taken off by reading it.
 */
static snap_err set_interval(struct snap_restorer *restorer, int which,
			     const struct snap_timer_time *time)
{
	struct snap_timer_time got;
	SNAP_TRY(try_interval(restorer, which, time, &got));
	uint64_t excess = got.left > time->left ? got.left - time->left : 0;
	if (!excess || excess >= time->left)
		return SNAP_OK;
	struct snap_timer_time less = { time->interval, time->left - excess };
	return try_interval(restorer, which, &less, &got);
}

static snap_err set_timer(struct snap_restorer *restorer, int id,
			  const struct snap_timer_time *time)
{
	struct snap_timer_spec spec = snap_spec_of_timer(time);
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, &spec,
				   sizeof(spec)));
	return snap_must_call(restorer->worker, SNAP_SYS_TIMER_SETTIME,
			      SNAP_ARGS((uint64_t)id, 0, restorer->room.data),
			      "set its POSIX timer %d", id);
}

/** What was left when the restore was planned is left when it has been undone. */
static snap_err undo_stop_interval(struct snap_restorer *restorer,
				   const struct snap_step *step,
				   const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_interval(restorer, step->number, step->is);
}

snap_err snap_do_stop_interval(struct snap_restorer *restorer,
			       const struct snap_step *step)
{
	snap_restorer_push(restorer, "start an interval timer again",
			   undo_stop_interval, step, 0, 0, 0);
	return set_interval(restorer, step->number, &stopped);
}

/** One that was running is started again by the undo of its stop, which comes next. */
static snap_err undo_arm_interval(struct snap_restorer *restorer,
				  const struct snap_step *step,
				  const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct snap_timer_time *is = step->is;
	return set_interval(restorer, step->number, is->left ? &stopped : is);
}

snap_err snap_do_arm_interval(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	snap_restorer_push(restorer, "set an interval timer back", undo_arm_interval,
			   step, 0, 0, 0);
	return set_interval(restorer, step->number, step->wanted);
}

static snap_err undo_stop_timer(struct snap_restorer *restorer,
				const struct snap_step *step,
				const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct snap_timer *is = step->is;
	return set_timer(restorer, step->number, &is->time);
}

snap_err snap_do_stop_timer(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	snap_restorer_push(restorer, "start a POSIX timer again", undo_stop_timer, step,
			   0, 0, 0);
	return set_timer(restorer, step->number, &stopped);
}

static snap_err undo_arm_timer(struct snap_restorer *restorer,
			       const struct snap_step *step,
			       const uint64_t values[SNAP_UNDO_VALUES])
{
	return set_timer(restorer, step->number, &stopped);
}

snap_err snap_do_arm_timer(struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_timer *wanted = step->wanted;
	snap_restorer_push(restorer, "stop a POSIX timer", undo_arm_timer, step, 0, 0,
			   0);
	return set_timer(restorer, step->number, &wanted->time);
}

static snap_err delete_timer(struct snap_restorer *restorer, int id, int64_t *ret)
{
	return snap_borrowed_call(restorer->worker, SNAP_SYS_TIMER_DELETE,
				  SNAP_ARGS((uint64_t)id), ret);
}

/** The number by which the process knows the thread that a timer signals. */
static snap_err ask_target(struct snap_restorer *restorer,
			   const struct snap_timer *timer, int32_t *ret)
{
	struct snap_borrowed *target = snap_restorer_thread(restorer, timer->tid);
	int64_t result = timer->tid;
	if (target)
		SNAP_TRY(snap_borrowed_call(target, SNAP_SYS_GETTID, SNAP_ARGS(0),
					    &result));
	*ret = (int32_t)result;
	return SNAP_OK;
}

/** What timer_create(2) is told, and where it answers. */
struct event {
	// struct sigevent: the rest of its 64 bytes means nothing.
	uint64_t value;
	int32_t signal;
	int32_t notify;
	int32_t tid;
	int32_t rest[11];
	int32_t id;
};

/** Make timers and delete them, until the next one gets a number. */
static snap_err count_up(struct snap_restorer *restorer, clockid_t clock, int id)
{
	uint64_t data = restorer->room.data;
	while (restorer->next_timer_id < id) {
		struct snap_call calls[2 * COUNTED_AT_ONCE];
		size_t nr = 0;
		for (; restorer->next_timer_id < id && nr < SNAP_ARRAY_SIZE(calls);
		     restorer->next_timer_id++) {
			calls[nr++] = (struct snap_call)
				SNAP_CALL(TIMER_CREATE, (uint64_t)clock, data,
					  data + offsetof(struct event, id));
			calls[nr++] = (struct snap_call)
				SNAP_CALL(TIMER_DELETE,
					  (uint64_t)restorer->next_timer_id);
		}
		SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, calls, nr,
					true));
		for (size_t i = 0; i < nr; i++)
			if (calls[i].result)
				return snap_error_create(
					SNAP_ERROR_MISMATCH,
					"the kernel does not count POSIX timers");
	}
	return SNAP_OK;
}

/** Where numbers cannot be chosen, in a new process. The event has been written. */
static snap_err create_counted(struct snap_restorer *restorer,
			       const struct snap_timer *timer, int64_t *ret)
{
	uint64_t data = restorer->room.data;
	uint64_t place = data + offsetof(struct event, id);
	int32_t id;
	SNAP_TRY(count_up(restorer, timer->clock, timer->id));
	struct snap_call call =
		SNAP_CALL(TIMER_CREATE, (uint64_t)timer->clock, data, place);
	SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, &call, 1, false));
	SNAP_TRY(snap_tracee_read(restorer->tracee, place, &id, sizeof(id)));
	restorer->next_timer_id = id + 1;
	*ret = call.result ? call.result : id == timer->id ? 0 : -EBUSY;
	return SNAP_OK;
}

/** timer_create(2) with the id that the timer shall have. */
static snap_err create_timer(struct snap_restorer *restorer,
			     const struct snap_timer *timer, int64_t *ret)
{
	struct event event = {
		.value = timer->value,
		.signal = timer->signal,
		.notify = timer->notify,
		.id = timer->id,
	};

	const struct snap_snapshot *live = restorer->plan->live;
	uint64_t data = restorer->room.data;
	SNAP_TRY(ask_target(restorer, timer, &event.tid));
	SNAP_TRY(snap_tracee_write(restorer->tracee, data, &event, sizeof(event)));
	if (!live->timers.can_choose_ids && live->state.is_new)
		return create_counted(restorer, timer, ret);
	struct snap_call calls[] = {
		SNAP_CALL(PRCTL, SNAP_PR_TIMER_CREATE_RESTORE_IDS,
			  SNAP_PR_TIMER_IDS_ON),
		SNAP_CALL(TIMER_CREATE, (uint64_t)timer->clock, data,
			  data + offsetof(struct event, id)),
		SNAP_CALL(PRCTL, SNAP_PR_TIMER_CREATE_RESTORE_IDS,
			  live->timers.chooses_ids),
	};
	SNAP_TRY(snap_room_call(&restorer->room, restorer->worker, calls,
				SNAP_ARRAY_SIZE(calls), false));
	*ret = calls[0].result ? calls[0].result : calls[1].result;
	return SNAP_OK;
}

static snap_err check_timer(const char *what, int id, int64_t result)
{
	if (!result)
		return SNAP_OK;
	return snap_error_os((int)-result, "the process cannot %s its POSIX timer %d",
			     what, id);
}

static snap_err undo_create_timer(struct snap_restorer *restorer,
				  const struct snap_step *step,
				  const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	SNAP_TRY(delete_timer(restorer, step->number, &result));
	return result == -EINVAL ? SNAP_OK // It was not made.
				 : check_timer("delete", step->number, result);
}

snap_err snap_do_create_timer(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	int64_t result;
	snap_restorer_push(restorer, "delete a POSIX timer", undo_create_timer, step, 0,
			   0, 0);
	SNAP_TRY(create_timer(restorer, step->wanted, &result));
	return check_timer("create", step->number, result);
}

static snap_err undo_delete_timer(struct snap_restorer *restorer,
				  const struct snap_step *step,
				  const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	SNAP_TRY(create_timer(restorer, step->is, &result));
	return result == -EBUSY ? SNAP_OK // It was not deleted.
				: check_timer("create", step->number, result);
}

snap_err snap_do_delete_timer(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	int64_t result;
	snap_restorer_push(restorer, "make a POSIX timer again", undo_delete_timer,
			   step, 0, 0, 0);
	SNAP_TRY(delete_timer(restorer, step->number, &result));
	return check_timer("delete", step->number, result);
}

/** There is no way back: once more when it failed, and then it may be gone already. */
snap_err snap_do_drop_timer(struct snap_restorer *restorer,
			    const struct snap_step *step)
{
	int64_t result;
	snap_err error = delete_timer(restorer, step->number, &result);
	if (!error)
		return check_timer("delete", step->number, result);
	snap_error_destroy(error);
	SNAP_TRY(delete_timer(restorer, step->number, &result));
	return result == -EINVAL ? SNAP_OK
				 : check_timer("delete", step->number, result);
}
