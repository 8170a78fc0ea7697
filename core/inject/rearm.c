#include "core/inject/rearm.h"

#include <signal.h>

#include "core/tracee/resume.h"
#include "core/tracee/signals.h"

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
