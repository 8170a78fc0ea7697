// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/stops.h"

#include <signal.h>
#include <string.h>

#include "core/tracee/pending.h"
#include "core/tracee/resume.h"
#include "core/tracee/signals.h"

/** Stands for a SIGSTOP of the debugger's: it is sent by tgkill(2) again. */
static const struct snap_siginfo debuggers;

static snap_err read_one(struct snap_tracee *tracee, pid_t tid,
			 enum snap_stop_queue queue, struct snap_stops *ret)
{
	_cleanup_pending_ struct snap_pending pending = { 0 };
	SNAP_TRY(snap_tracee_read_pending(tracee, tid, queue == SNAP_STOP_OF_PROCESS,
					  &pending));
	const struct snap_siginfo *info = snap_pending_find(&pending, SIGSTOP);
	if (!info && !pending.has_stop_due)
		return SNAP_OK;
	ret->is_pending[queue] = true;
	ret->infos[queue] = info ? *info : debuggers;
	return SNAP_OK;
}

snap_err snap_stops_read(struct snap_tracee *tracee, pid_t tid,
			 const struct snap_proc_status *status, struct snap_stops *ret)
{
	struct snap_stops stops = { 0 };
	if (status->pending & snap_signal_bit(SIGSTOP))
		SNAP_TRY(read_one(tracee, tid, SNAP_STOP_OF_THREAD, &stops));
	if (status->shared_pending & snap_signal_bit(SIGSTOP))
		SNAP_TRY(read_one(tracee, tid, SNAP_STOP_OF_PROCESS, &stops));
	*ret = stops;
	return SNAP_OK;
}

snap_err snap_stops_note(struct snap_tracee *tracee, pid_t tid,
			 struct snap_stops *stops)
{
	if (stops->is_pending[SNAP_STOP_OF_THREAD] ||
	    stops->is_pending[SNAP_STOP_OF_PROCESS])
		return SNAP_OK;
	// Somebody has sent it while we were at work.
	struct snap_thread thread = { .tid = tid };
	enum snap_stop_kind kind;
	SNAP_TRY(snap_tracee_read_stop(tracee, &thread, &kind));
	memcpy(stops->infos[SNAP_STOP_OF_PROCESS].bytes, thread.siginfo,
	       sizeof(thread.siginfo));
	stops->is_pending[SNAP_STOP_OF_PROCESS] = true;
	return SNAP_OK;
}

static bool is_debuggers(const struct snap_siginfo *info)
{
	return !snap_siginfo_signal(info);
}

struct snap_stops snap_stops_debuggers(const struct snap_stops *stops)
{
	struct snap_stops due = *stops;
	for (int queue = 0; queue < SNAP_NR_STOPS; queue++)
		due.is_pending[queue] =
			due.is_pending[queue] && is_debuggers(&due.infos[queue]);
	return due;
}

snap_err snap_stops_send(struct snap_tracee *tracee, pid_t tid,
			 const struct snap_stops *stops)
{
	if (!stops->is_pending[SNAP_STOP_OF_THREAD] &&
	    !stops->is_pending[SNAP_STOP_OF_PROCESS])
		return SNAP_OK;
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tid, &status));
	const uint64_t is[SNAP_NR_STOPS] = { status.pending, status.shared_pending };
	for (int queue = 0; queue < SNAP_NR_STOPS; queue++) {
		const struct snap_siginfo *info = &stops->infos[queue];
		if (!stops->is_pending[queue] || is[queue] & snap_signal_bit(SIGSTOP))
			continue;
		if (is_debuggers(info))
			SNAP_TRY(snap_tracee_signal(tracee, tid, SIGSTOP));
		else
			SNAP_TRY(snap_tracee_queue(tracee,
						   queue == SNAP_STOP_OF_THREAD ? tid
										: 0,
						   info));
	}
	return SNAP_OK;
}
