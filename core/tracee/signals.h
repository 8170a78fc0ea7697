/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_SIGNALS_H
#define SNAP_TRACEE_SIGNALS_H

#include <stdbool.h>

#include "core/model/thread.h"
#include "core/tracee/tracee.h"

/** What the kernel is in the middle of, at the stop of a thread. */
enum snap_stop_kind {
	/** A signal, an interruption, or the end of a system call: between
	 * instructions. */
	SNAP_STOP_SIGNAL,
	SNAP_STOP_SYSCALL_EXIT,
	/** A system call has been entered and not been done (`catch syscall`, seccomp).
	 */
	SNAP_STOP_SYSCALL_ENTRY,
	/** A new thread was started, the system call has not returned
	 * (PTRACE_EVENT_CLONE). */
	SNAP_STOP_CLONE,
	/** fork, vfork, exec or exit: refused. */
	SNAP_STOP_EVENT,
	/** Stopped as by SIGSTOP from a shell: the debugger cannot make it run. */
	SNAP_STOP_GROUP,
};

/** Why a thread is stopped. Sets siginfo (but for SNAP_STOP_GROUP) and its member bit.
 */
_must_check_ snap_err snap_tracee_read_stop(struct snap_tracee *tracee,
					    struct snap_thread *thread,
					    enum snap_stop_kind *ret);

/** Change the siginfo of the signal that a thread is stopped by. */
_must_check_ snap_err
snap_tracee_write_siginfo(struct snap_tracee *tracee, pid_t tid,
			  const uint8_t siginfo[SNAP_SIGINFO_SIZE]);

_must_check_ snap_err snap_tracee_read_sigmask(struct snap_tracee *tracee, pid_t tid,
					       uint64_t *ret);
_must_check_ snap_err snap_tracee_write_sigmask(struct snap_tracee *tracee, pid_t tid,
						uint64_t mask);

/** Registration of restartable sequences; all zero where there is none. */
_must_check_ snap_err snap_tracee_read_rseq(struct snap_tracee *tracee,
					    struct snap_thread *thread);

/** get_robust_list(2), from outside. */
_must_check_ snap_err snap_tracee_read_robust_list(struct snap_tracee *tracee,
						   struct snap_thread *thread);

/** Syscall user dispatch: the kernel's struct, opaque. */
struct snap_user_dispatch {
	uint64_t mode;
	uint64_t selector;
	uint64_t offset;
	uint64_t length;
};

/** Mode 0 when it is off, or when the kernel has none. */
_must_check_ snap_err snap_tracee_read_user_dispatch(struct snap_tracee *tracee,
						     pid_t tid,
						     struct snap_user_dispatch *ret);
_must_check_ snap_err
snap_tracee_write_user_dispatch(struct snap_tracee *tracee, pid_t tid,
				const struct snap_user_dispatch *dispatch);

#endif
