// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/resume.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/**
 * A system call takes less time than to wake a CPU that sleeps: so long, ours does not
 * go to sleep over it.
 */
#define AWAKE_NS 50000

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/** Of this thread only: every other event is for the debugger to see. */
static pid_t wait_for(pid_t tid, int *status)
{
	int64_t end = now_ns() + AWAKE_NS;
	pid_t got;
	do {
		got = waitpid(tid, status, __WALL | WNOHANG);
		if (got)
			return got;
		// Where there is one CPU for both, the thread waits for it.
		sched_yield();
	} while (now_ns() < end);
	do {
		got = waitpid(tid, status, __WALL);
	} while (got < 0 && errno == EINTR);
	return got;
}

snap_err snap_tracee_resume(struct snap_tracee *tracee, pid_t tid, enum snap_resume how,
			    struct snap_stop *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "resume thread %d", (int)tid));
	if (ptrace(how == SNAP_RESUME_TO_SYSCALL ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0,
		   0) < 0)
		return snap_error_os(errno, "cannot resume thread %d", (int)tid);

	int status;
	pid_t got = wait_for(tid, &status);
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

/** What has become of a thread, without taking the news from anybody. */
static snap_err look(pid_t tid, siginfo_t *ret)
{
	int got;
	do {
		got = waitid(P_PID, (id_t)tid, ret,
			     WEXITED | WSTOPPED | WNOWAIT | __WALL);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return snap_error_os(errno, "cannot wait for the end of thread %d",
				     (int)tid);
	return SNAP_OK;
}

static bool has_ended(const siginfo_t *info)
{
	return info->si_code == CLD_EXITED || info->si_code == CLD_KILLED ||
	       info->si_code == CLD_DUMPED;
}

snap_err snap_tracee_run_to_end(struct snap_tracee *tracee, pid_t tid)
{
	for (int tries = 0; tries < 2; tries++) {
		SNAP_TRY(snap_tracee_enter(tracee, "let thread %d end", (int)tid));
		// ESRCH: it has been killed, or an earlier call of ours has let it run.
		if (ptrace(PTRACE_CONT, tid, 0, 0) < 0 && errno != ESRCH)
			return snap_error_os(errno, "cannot let thread %d end",
					     (int)tid);
		siginfo_t info;
		SNAP_TRY(look(tid, &info));
		if (has_ended(&info))
			return SNAP_OK;
		int status;
		if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status) ||
		    status >> 8 != SIGSTOP)
			return snap_error_create(SNAP_ERROR_MISMATCH,
						 "thread %d was to end, and stopped",
						 (int)tid);
	}
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "thread %d is stopped again and again", (int)tid);
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
