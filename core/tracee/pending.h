/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_PENDING_H
#define SNAP_TRACEE_PENDING_H

#include "core/model/signals.h"
#include "core/tracee/tracee.h"

/**
 * The signals that wait for a thread (PTRACE_PEEKSIGINFO); nothing is taken away.
 *
 * A SIGSTOP that this process has sent by tgkill(2) is how a debugger stops a thread,
 * and sets has_stop_due instead. What a timer has noted for itself in the siginfo is
 * left out. A signal that found no room in the queue has a siginfo of zeros but for
 * its number, as the program would get it.
 *
 * @param is_shared Those of the process instead, by any of its threads.
 * @param[out] ret Owned by the caller: snap_pending_deinit().
 */
_must_check_ snap_err snap_tracee_read_pending(struct snap_tracee *tracee, pid_t tid,
					       bool is_shared,
					       struct snap_pending *ret);

/** The same, when it is known which are pending (bit N-1 for signal N). */
_must_check_ snap_err snap_tracee_read_pending_of(struct snap_tracee *tracee, pid_t tid,
						  bool is_shared, uint64_t set,
						  struct snap_pending *ret);

/**
 * Send a signal with its siginfo from outside: to the process where `tid` is 0. The
 * kernel lets nobody pretend that another has called kill(2) or tgkill(2): such a one
 * becomes one of sigqueue(3).
 */
_must_check_ snap_err snap_tracee_queue(struct snap_tracee *tracee, pid_t tid,
					const struct snap_siginfo *info);

#endif
