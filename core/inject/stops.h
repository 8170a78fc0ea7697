/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_STOPS_H
#define SNAP_INJECT_STOPS_H

#include "core/model/signals.h"
#include "core/tracee/proc.h"

/**
 * @file
 * SIGSTOP cannot be blocked: one that is pending stops a thread as soon as it runs for
 * us, and is used up by that. It is sent again when the thread is given back.
 */

/** Whose queue it was in. */
enum snap_stop_queue {
	SNAP_STOP_OF_THREAD,
	SNAP_STOP_OF_PROCESS,
	SNAP_NR_STOPS
};

struct snap_stops {
	bool is_pending[SNAP_NR_STOPS];
	struct snap_siginfo infos[SNAP_NR_STOPS];
};

/** Find out which are pending. */
_must_check_ snap_err snap_stops_read(struct snap_tracee *tracee, pid_t tid,
				      const struct snap_proc_status *status,
				      struct snap_stops *ret);

/** A thread has run into a SIGSTOP: remember it if it came only now. */
_must_check_ snap_err snap_stops_note(struct snap_tracee *tracee, pid_t tid,
				      struct snap_stops *stops);

/** Of these, the one that the debugger has sent and will wait for. */
struct snap_stops snap_stops_debuggers(const struct snap_stops *stops);

/** Send those that are not pending any more. */
_must_check_ snap_err snap_stops_send(struct snap_tracee *tracee, pid_t tid,
				      const struct snap_stops *stops);

#endif
