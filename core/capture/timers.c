// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/timers.h"

#include "core/inject/timers.h"
#include "core/tracee/memory.h"

/** How many are asked for at once, at most. */
#define MOST 32

static snap_err refuse(int64_t result)
{
	return snap_error_os((int)-result, "cannot ask for the timers of the process");
}

/** The `index`th of all timers: first those of setitimer(2). */
static struct snap_call ask_time(const struct snap_timers *timers, size_t index,
				 uint64_t place)
{
	const struct snap_call interval = SNAP_CALL(GETITIMER, index, place);
	if (index < SNAP_NR_INTERVALS)
		return interval;
	const struct snap_call timer =
		SNAP_CALL(TIMER_GETTIME,
			  (uint64_t)timers->list[index - SNAP_NR_INTERVALS].id, place);
	return timer;
}

static void take_time(struct snap_timers *timers, size_t index,
		      const struct snap_timer_spec *spec)
{
	if (index < SNAP_NR_INTERVALS)
		timers->intervals[index] = snap_time_of_interval(spec);
	else
		timers->list[index - SNAP_NR_INTERVALS].time = snap_time_of_timer(spec);
}

static snap_err ask_times(struct snap_room *room, struct snap_borrowed *who,
			  struct snap_timers *timers, size_t first, size_t nr)
{
	struct snap_call calls[MOST];
	struct snap_timer_spec specs[MOST];
	for (size_t i = 0; i < nr; i++)
		calls[i] = ask_time(timers, first + i, room->data + i * sizeof(*specs));
	SNAP_TRY(snap_room_call(room, who, calls, nr, true));
	for (size_t i = 0; i < nr; i++)
		if (calls[i].result)
			return refuse(calls[i].result);
	SNAP_TRY(
		snap_tracee_read(room->tracee, room->data, specs, nr * sizeof(*specs)));
	for (size_t i = 0; i < nr; i++)
		take_time(timers, first + i, &specs[i]);
	return SNAP_OK;
}

static snap_err ask_overruns(struct snap_room *room, struct snap_borrowed *who,
			     struct snap_timers *timers)
{
	for (size_t i = 0; i < timers->nr; i++) {
		struct snap_call call =
			SNAP_CALL(TIMER_GETOVERRUN, (uint64_t)timers->list[i].id);
		SNAP_TRY(snap_room_call(room, who, &call, 1, false));
		if (call.result < 0)
			return refuse(call.result);
		timers->list[i].overrun = (int32_t)call.result;
	}
	return SNAP_OK;
}

/** EINVAL: a kernel before 6.15. */
static snap_err ask_ids(struct snap_room *room, struct snap_borrowed *who,
			struct snap_timers *timers)
{
	struct snap_call call = SNAP_CALL(PRCTL, SNAP_PR_TIMER_CREATE_RESTORE_IDS,
					  SNAP_PR_TIMER_IDS_GET);
	SNAP_TRY(snap_room_call(room, who, &call, 1, false));
	timers->can_choose_ids = call.result >= 0;
	timers->chooses_ids = call.result > 0;
	return SNAP_OK;
}

snap_err snap_ask_timers(struct snap_room *room, struct snap_borrowed *who,
			 struct snap_snapshot *snapshot)
{
	struct snap_timers *timers = &snapshot->timers;
	size_t most = room->data_size / sizeof(struct snap_timer_spec);
	if (most > MOST)
		most = MOST;
	size_t nr = SNAP_NR_INTERVALS + timers->nr;
	for (size_t first = 0; first < nr; first += most)
		SNAP_TRY(ask_times(room, who, timers, first,
				   nr - first < most ? nr - first : most));
	SNAP_TRY(ask_overruns(room, who, timers));
	SNAP_TRY(ask_ids(room, who, timers));
	timers->is_captured = true;
	return SNAP_OK;
}
