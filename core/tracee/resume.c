#include "core/tracee/resume.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

snap_err snap_tracee_resume(struct snap_tracee *tracee, pid_t tid, enum snap_resume how,
			    struct snap_stop *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "resume thread %d", (int)tid));
	if (ptrace(how == SNAP_RESUME_TO_SYSCALL ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0,
		   0) < 0)
		return snap_error_os(errno, "cannot resume thread %d", (int)tid);

	// Of this thread only: every other event is for the debugger to see.
	int status;
	pid_t got;
	do {
		got = waitpid(tid, &status, __WALL);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return snap_error_os(errno, "cannot wait for thread %d", (int)tid);
	if (!WIFSTOPPED(status))
		return snap_error_create(SNAP_ERROR_GONE,
					 "thread %d has ended while it was worked on",
					 (int)tid);
	int signal = WSTOPSIG(status);
	*ret = (struct snap_stop){
		.is_syscall = signal == (SIGTRAP | 0x80),
		.signal = signal == (SIGTRAP | 0x80) ? 0 : signal,
		.event = status >> 16,
	};
	return SNAP_OK;
}

snap_err snap_tracee_signal(struct snap_tracee *tracee, pid_t tid, int signal)
{
	SNAP_TRY(snap_tracee_enter(tracee, "send signal %d to thread %d", signal,
				   (int)tid));
	if (syscall(SYS_tgkill, tracee->pid, tid, signal) < 0)
		return snap_error_os(errno, "cannot send signal %d to thread %d",
				     signal, (int)tid);
	return SNAP_OK;
}
