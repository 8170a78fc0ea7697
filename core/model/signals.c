// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/** The kernel's first real-time signal that the C library leaves to programs. */
#define FIRST_RT 34

void snap_signal_name(int signal, char ret[SNAP_SIGNAL_NAME_SIZE])
{
	// sigabbrev_np() is younger than the oldest C library that we run on.
	static const char *const names[] = {
		NULL,     "HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",
		"FPE",    "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM",
		"STKFLT", "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",
		"XCPU",   "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS",
	};
	if (signal > 0 && signal < (int)SNAP_ARRAY_SIZE(names))
		snprintf(ret, SNAP_SIGNAL_NAME_SIZE, "SIG%s", names[signal]);
	else if (signal > FIRST_RT && signal <= SNAP_NR_SIGNALS)
		snprintf(ret, SNAP_SIGNAL_NAME_SIZE, "SIGRTMIN+%d", signal - FIRST_RT);
	else if (signal == FIRST_RT)
		snprintf(ret, SNAP_SIGNAL_NAME_SIZE, "SIGRTMIN");
	else
		snprintf(ret, SNAP_SIGNAL_NAME_SIZE, "SIG%d", (int8_t)signal);
}

/** An int in the place that every Linux gives it, four bytes each. */
static int number_at(const struct snap_siginfo *info, size_t offset)
{
	int32_t number;
	memcpy(&number, info->bytes + offset, sizeof(number));
	return number;
}

int snap_siginfo_signal(const struct snap_siginfo *info)
{
	return number_at(info, offsetof(siginfo_t, si_signo));
}

int snap_siginfo_code(const struct snap_siginfo *info)
{
	return number_at(info, offsetof(siginfo_t, si_code));
}

int snap_siginfo_sender(const struct snap_siginfo *info)
{
	return number_at(info, offsetof(siginfo_t, si_pid));
}

void snap_pending_deinit(struct snap_pending *pending)
{
	free(pending->list);
	*pending = (struct snap_pending){ 0 };
}

snap_err snap_pending_append(struct snap_pending *pending,
			     const struct snap_siginfo *info)
{
	size_t nr = pending->nr;
	if (!(nr & (nr - 1))) { // Full: it has a power of two, or none.
		struct snap_siginfo *list =
			reallocarray(pending->list, nr ? nr * 2 : 1, sizeof(*list));
		if (!list)
			return &snap_enomem;
		pending->list = list;
	}
	pending->list[pending->nr++] = *info;
	return SNAP_OK;
}

snap_err snap_pending_copy(const struct snap_pending *pending, struct snap_pending *ret)
{
	_cleanup_pending_ struct snap_pending copy = {
		.is_captured = pending->is_captured,
		.has_stop_due = pending->has_stop_due,
	};
	for (size_t i = 0; i < pending->nr; i++)
		SNAP_TRY(snap_pending_append(&copy, &pending->list[i]));
	*ret = copy;
	copy = (struct snap_pending){ 0 };
	return SNAP_OK;
}

uint64_t snap_pending_set(const struct snap_pending *pending)
{
	uint64_t set = 0;
	for (size_t i = 0; i < pending->nr; i++)
		set |= snap_signal_bit(snap_siginfo_signal(&pending->list[i]));
	return set;
}

const struct snap_siginfo *snap_pending_find(const struct snap_pending *pending,
					     int signal)
{
	for (size_t i = 0; i < pending->nr; i++)
		if (snap_siginfo_signal(&pending->list[i]) == signal)
			return &pending->list[i];
	return NULL;
}

bool snap_pending_is_equal(const struct snap_pending *a, const struct snap_pending *b)
{
	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++) {
		const struct snap_siginfo *left = &a->list[i], *right = &b->list[i];
		bool are_stops = snap_siginfo_signal(left) == SIGSTOP &&
				 snap_siginfo_signal(right) == SIGSTOP;
		if (!are_stops && memcmp(left, right, sizeof(*left)))
			return false;
	}
	return true;
}
