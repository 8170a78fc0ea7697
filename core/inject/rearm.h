/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_REARM_H
#define SNAP_INJECT_REARM_H

#include "core/tracee/proc.h"
#include "core/tracee/signals.h"
#include "core/tracee/tracee.h"

/**
 * The signal that stops a thread for us. A SIGSTOP cannot be blocked, but the kernel
 * drops a pending SIGCONT for it (kernel/signal.c, prepare_signal()); where one is
 * pending, a signal takes its place that is not pending itself.
 *
 * @param pending The signals of the thread and the process: bit N-1 for signal N.
 */
int snap_choose_stop_signal(uint64_t pending);

/**
 * Bring a stopped thread into a stop like the one it was in before it was worked on: a
 * signal-delivery-stop with its old siginfo, no instruction executed.
 *
 * After an injected system call a thread is in a system-call-exit-stop. There the
 * kernel would not restart the call that was interrupted at first, and a signal that
 * the debugger passes on would be sent a second time. So the thread gets a SIGSTOP,
 * with all else blocked, and is let run into it: it is then again in the kernel's
 * signal path, the debugger decides what is delivered, and PTRACE_SETSIGINFO makes it
 * the old signal (kernel/signal.c, ptrace_signal()).
 *
 * The registers have their final values already.
 *
 * @param sigmask The mask to leave behind.
 * @param siginfo SNAP_SIGINFO_SIZE bytes, or NULL: the SIGSTOP's.
 */
_must_check_ snap_err snap_rearm(struct snap_tracee *tracee, pid_t tid,
				 uint64_t sigmask, const uint8_t *siginfo);

/**
 * Bring a thread that is stopped at the end of a system call into a signal's stop,
 * where only that shows all registers (arch.h, rewinds_early). Others stay where they
 * are.
 *
 * @param thread As snap_tracee_read_stop() found it.
 */
_must_check_ snap_err snap_leave_syscall(struct snap_tracee *tracee,
					 const struct snap_thread *thread,
					 enum snap_stop_kind kind);

#endif
