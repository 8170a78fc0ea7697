// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/signals.h"

#include "core/tracee/memory.h"
#include "core/tracee/pending.h"

/** sizeof(sigset_t) of the kernel. */
#define KERNEL_SIGSET_SIZE 8

snap_err snap_capture_signals(struct snap_tracee *tracee,
			      const struct snap_proc_status *status,
			      struct snap_snapshot *snapshot)
{
	struct snap_signals *signals = &snapshot->signals;
	signals->nr_queued = status->nr_queued;
	signals->queue_limit = status->queue_limit;
	return snap_tracee_read_pending_of(tracee, tracee->pid, true,
					   status->shared_pending, &signals->pending);
}

/** Ask for the actions of some signals that follow each other. */
static snap_err ask_some(struct snap_room *room, struct snap_borrowed *who, int first,
			 int nr, struct snap_sigaction *ret)
{
	struct snap_call calls[SNAP_NR_SIGNALS];
	for (int i = 0; i < nr; i++) {
		uint64_t place = room->data + (uint64_t)i * sizeof(*ret);
		// SIGKILL and SIGSTOP are asked for like any other.
		calls[i] =
			(struct snap_call)SNAP_CALL(RT_SIGACTION, (uint64_t)(first + i),
						    0, place, KERNEL_SIGSET_SIZE);
	}
	SNAP_TRY(snap_room_call(room, who, calls, (size_t)nr, true));
	for (int i = 0; i < nr; i++)
		if (calls[i].result)
			return snap_error_os((int)-calls[i].result,
					     "cannot ask for the action of signal %d",
					     first + i);
	return snap_tracee_read(room->tracee, room->data, ret,
				(size_t)nr * sizeof(*ret));
}

snap_err snap_ask_actions(struct snap_room *room, struct snap_borrowed *who,
			  struct snap_snapshot *snapshot)
{
	struct snap_sigaction *actions = snapshot->signals.actions;
	int most = (int)(room->data_size / sizeof(*actions));
	for (int first = 1; first <= SNAP_NR_SIGNALS; first += most) {
		int left = SNAP_NR_SIGNALS + 1 - first;
		SNAP_TRY(ask_some(room, who, first, left < most ? left : most,
				  actions + first - 1));
	}
	snapshot->signals.is_captured = true;
	return SNAP_OK;
}
