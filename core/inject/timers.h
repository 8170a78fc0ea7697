/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_TIMERS_H
#define SNAP_INJECT_TIMERS_H

#include "core/model/timers.h"

/** Of include/uapi/linux/prctl.h, since Linux 6.15. */
#define SNAP_PR_TIMER_CREATE_RESTORE_IDS 77
#define SNAP_PR_TIMER_IDS_ON             1
#define SNAP_PR_TIMER_IDS_GET            2

/**
 * struct itimerspec of a 64-bit kernel; and its struct itimerval, where the fractions
 * are microseconds.
 */
struct snap_timer_spec {
	uint64_t interval;
	uint64_t interval_fraction;
	uint64_t left;
	uint64_t left_fraction;
};

struct snap_timer_time snap_time_of_timer(const struct snap_timer_spec *spec);
struct snap_timer_time snap_time_of_interval(const struct snap_timer_spec *spec);
struct snap_timer_spec snap_spec_of_timer(const struct snap_timer_time *time);

/** What is left is rounded up: an armed timer stays armed. */
struct snap_timer_spec snap_spec_of_interval(const struct snap_timer_time *time);

#endif
