/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_TIMERS_H
#define SNAP_MODEL_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** setitimer(2): ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF. */
#define SNAP_NR_INTERVALS 3

/** How a timer is set, in nanoseconds. */
struct snap_timer_time {
	uint64_t interval;
	/** Until it expires next; 0: it is not armed. */
	uint64_t left;
};

static inline bool snap_timer_time_is_equal(const struct snap_timer_time *a,
					    const struct snap_timer_time *b)
{
	return a->interval == b->interval && a->left == b->left;
}

/** A timer of timer_create(2). */
struct snap_timer {
	int32_t id;
	/** As the kernel calls it: those of CPU time are negative numbers. */
	int32_t clock;
	int32_t signal;
	/** SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2; and SIGEV_THREAD_ID 4. */
	int32_t notify;
	/** With SIGEV_THREAD_ID the thread that gets the signal; 0: it has ended. */
	int32_t tid;
	/** timer_getoverrun(2); it is shown, and cannot be put back. */
	int32_t overrun;
	/** sigev_value */
	uint64_t value;
	struct snap_timer_time time;
};

/**
 * Kernels before 6.15 give the timers of a process numbers from 0 on, and no number
 * again (kernel/time/posix-timers.c, posix_timer_add): a new process is brought up to
 * this one, by making timers that nobody needs. Some milliseconds.
 */
#define SNAP_MAX_COUNTED_ID 4096

struct snap_timers {
	/** `intervals` are known, and how the timers of `list` are set. */
	bool is_captured;
	/** The kernel tells which timers there are: `list` is known. */
	bool is_list_captured;
	struct snap_timer_time intervals[SNAP_NR_INTERVALS];
	/** By their ids. Owned. */
	struct snap_timer *list;
	size_t nr;

	/**
	 * Of a live process: the kernel can make a timer with a given id (since Linux
	 * 6.15), and the process has asked for that itself.
	 */
	bool can_choose_ids;
	bool chooses_ids;
};

void snap_timers_deinit(struct snap_timers *timers);

_must_check_ snap_err snap_timers_append(struct snap_timers *timers,
					 const struct snap_timer *timer);

#endif
