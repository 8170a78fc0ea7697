// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/timers.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/tracee/proc.h"

/** Of include/uapi/asm-generic/siginfo.h. */
#define NOTIFY_THREAD_ID 4

/** The kernel's names in the order of their numbers (fs/proc/base.c, show_timer()). */
static bool parse_notify(const char *name, const char *kind, struct snap_timer *timer)
{
	static const char *const names[] = { "signal", "none", "thread" };
	for (int i = 0; i < (int)SNAP_ARRAY_SIZE(names); i++) {
		if (strcmp(name, names[i]))
			continue;
		bool is_of_thread = !strcmp(kind, "tid");
		timer->notify = i | (is_of_thread ? NOTIFY_THREAD_ID : 0);
		if (!is_of_thread)
			timer->tid = 0;
		return true;
	}
	return false;
}

/** Four lines of one timer; *text is put behind them. */
static bool parse_timer(const char **text, struct snap_timer *timer)
{
	char name[16], kind[16];
	int length = -1;
	*timer = (struct snap_timer){ 0 };
	sscanf(*text,
	       "ID: %" SCNd32 "\nsignal: %" SCNd32 "/%" SCNx64
	       "\nnotify: %15[a-z]/%15[a-z].%" SCNd32 "\nClockID: %" SCNd32 "\n%n",
	       &timer->id, &timer->signal, &timer->value, name, kind, &timer->tid,
	       &timer->clock, &length);
	if (length < 0)
		return false;
	*text += length;
	return parse_notify(name, kind, timer);
}

static int compare_ids(const void *a, const void *b)
{
	const struct snap_timer *left = a, *right = b;
	return (left->id > right->id) - (left->id < right->id);
}

snap_err snap_tracee_read_timers(struct snap_tracee *tracee, struct snap_timers *timers)
{
	SNAP_TRY(snap_tracee_enter(tracee, "look for /proc/%d/timers",
				   (int)tracee->pid));
	if (faccessat(tracee->proc_fd, "timers", R_OK, 0))
		return SNAP_OK;
	_cleanup_buffer_ struct snap_buffer buffer = { 0 };
	SNAP_TRY(snap_proc_read_file(tracee, "timers", &buffer));
	for (const char *text = (const char *)buffer.data; *text;) {
		struct snap_timer timer;
		if (!parse_timer(&text, &timer))
			return snap_error_create(SNAP_ERROR_UNSUPPORTED,
						 "/proc/%d/timers has an unknown form",
						 (int)tracee->pid);
		SNAP_TRY(snap_timers_append(timers, &timer));
	}
	if (timers->nr)
		qsort(timers->list, timers->nr, sizeof(*timers->list), compare_ids);
	timers->is_list_captured = true;
	return SNAP_OK;
}
