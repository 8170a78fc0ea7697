// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/rearm.h"

#include <signal.h>

#include "core/tracee/groups.h"
#include "core/tracee/resume.h"

int snap_choose_stop_signal(uint64_t pending)
{
	if (!(pending & snap_signal_bit(SIGCONT)))
		return SIGSTOP;
	for (int signal = SIGRTMIN; signal <= SIGRTMAX; signal++)
		if (!(pending & snap_signal_bit(signal)))
			return signal;
	return SIGSTOP;
}

snap_err snap_rearm(struct snap_tracee *tracee, pid_t tid, uint64_t sigmask,
		    const uint8_t *siginfo)
{
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tid, &status));
	int signal = snap_choose_stop_signal(status.pending | status.shared_pending);
	SNAP_TRY(snap_tracee_write_sigmask(tracee, tid, ~snap_signal_bit(signal)));
	SNAP_TRY(snap_tracee_signal(tracee, tid, signal));

	struct snap_stop stop;
	SNAP_TRY(snap_tracee_resume(tracee, tid, SNAP_RESUME_TO_SIGNAL, &stop));
	if (stop.is_syscall || stop.event || stop.signal != signal)
		return snap_error_create(
			SNAP_ERROR_MISMATCH,
			"thread %d stopped by signal %d, event %d instead of our signal %d",
			(int)tid, stop.signal, stop.event, signal);
	if (siginfo)
		SNAP_TRY(snap_tracee_write_siginfo(tracee, tid, siginfo));
	return snap_tracee_write_sigmask(tracee, tid, sigmask);
}

snap_err snap_leave_syscall(struct snap_tracee *tracee,
			    const struct snap_thread *thread, enum snap_stop_kind kind)
{
	uint64_t sigmask;
	if (!tracee->arch->rewinds_early || kind != SNAP_STOP_SYSCALL_EXIT)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_check_thawed(tracee));
	SNAP_TRY(snap_tracee_read_sigmask(tracee, thread->tid, &sigmask));
	return snap_rearm(tracee, thread->tid, sigmask,
			  snap_thread_has(thread, SNAP_THREAD_SIGINFO) ? thread->siginfo
								       : NULL);
}
