// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

// Newer than the headers of Debian 12 (include/uapi/linux/ptrace.h).
#define SNAP_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG 0x4210
#define SNAP_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG 0x4211
#define SNAP_PTRACE_GET_RSEQ_CONFIGURATION           0x420f

_Static_assert(sizeof(siginfo_t) == SNAP_SIGINFO_SIZE, "siginfo_t has 128 bytes");

static enum snap_stop_kind kind_of_event(int event)
{
	return event == PTRACE_EVENT_CLONE ? SNAP_STOP_CLONE : SNAP_STOP_EVENT;
}

/** A system call stop, by what the kernel says of it (since Linux 5.3). */
static snap_err read_syscall_stop(struct snap_tracee *tracee, pid_t tid,
				  enum snap_stop_kind *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "ask what thread %d is stopped in",
				   (int)tid));
	struct __ptrace_syscall_info info = { 0 };
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0)
		return snap_error_os(errno, "cannot ask what thread %d is stopped in",
				     (int)tid);
	*ret = info.op == PTRACE_SYSCALL_INFO_ENTRY ||
			       info.op == PTRACE_SYSCALL_INFO_SECCOMP
		       ? SNAP_STOP_SYSCALL_ENTRY
	       : info.op == PTRACE_SYSCALL_INFO_EXIT ? SNAP_STOP_SYSCALL_EXIT
						     : SNAP_STOP_SIGNAL;
	return SNAP_OK;
}

snap_err snap_tracee_read_stop(struct snap_tracee *tracee, struct snap_thread *thread,
			       enum snap_stop_kind *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "ask why thread %d is stopped",
				   (int)thread->tid));
	siginfo_t info;
	if (ptrace(PTRACE_GETSIGINFO, thread->tid, 0, &info) < 0) {
		// EINVAL is a group stop (ptrace(2), "Group-stop").
		if (errno != EINVAL)
			return snap_error_os(errno,
					     "cannot ask why thread %d is stopped",
					     (int)thread->tid);
		*ret = SNAP_STOP_GROUP;
		return SNAP_OK;
	}
	memcpy(thread->siginfo, &info, sizeof(info));
	thread->members |= SNAP_THREAD_SIGINFO;
	// A negative code is that of a sender (sigaction(2)), not an event's number.
	if (info.si_signo == SIGTRAP && info.si_code > 0 && info.si_code >> 8) {
		*ret = kind_of_event(info.si_code >> 8);
		return SNAP_OK;
	}
	return read_syscall_stop(tracee, thread->tid, ret);
}

snap_err snap_tracee_write_siginfo(struct snap_tracee *tracee, pid_t tid,
				   const uint8_t siginfo[SNAP_SIGINFO_SIZE])
{
	SNAP_TRY(snap_tracee_enter(tracee, "set the signal of thread %d", (int)tid));
	siginfo_t info;
	memcpy(&info, siginfo, sizeof(info));
	if (ptrace(PTRACE_SETSIGINFO, tid, 0, &info) < 0)
		return snap_error_os(errno, "cannot set the signal of thread %d",
				     (int)tid);
	return SNAP_OK;
}

snap_err snap_tracee_read_sigmask(struct snap_tracee *tracee, pid_t tid, uint64_t *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the signal mask of thread %d",
				   (int)tid));
	uint64_t mask = 0; // for valgrind, which does not know what this call writes
	if (ptrace(PTRACE_GETSIGMASK, tid, sizeof(mask), &mask) < 0)
		return snap_error_os(errno, "cannot read the signal mask of thread %d",
				     (int)tid);
	*ret = mask;
	return SNAP_OK;
}

snap_err snap_tracee_write_sigmask(struct snap_tracee *tracee, pid_t tid, uint64_t mask)
{
	SNAP_TRY(snap_tracee_enter(tracee, "write the signal mask of thread %d",
				   (int)tid));
	if (ptrace(PTRACE_SETSIGMASK, tid, sizeof(mask), &mask) < 0)
		return snap_error_os(errno, "cannot write the signal mask of thread %d",
				     (int)tid);
	return SNAP_OK;
}

snap_err snap_tracee_read_rseq(struct snap_tracee *tracee, struct snap_thread *thread)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the rseq registration of thread %d",
				   (int)thread->tid));

	struct {
		uint64_t address;
		uint32_t size;
		uint32_t signature;
		uint32_t flags;
		uint32_t pad;
	} rseq = { 0 };

	long got = ptrace(SNAP_PTRACE_GET_RSEQ_CONFIGURATION, thread->tid, sizeof(rseq),
			  &rseq);
	// EIO: a kernel built without restartable sequences.
	if (got < 0 && errno != EIO && errno != EINVAL)
		return snap_error_os(errno,
				     "cannot read the rseq registration of thread %d",
				     (int)thread->tid);
	if (got < 0)
		return SNAP_OK;
	thread->rseq.address = rseq.address;
	thread->rseq.size = rseq.size;
	thread->rseq.signature = rseq.signature;
	thread->rseq.flags = rseq.flags;
	thread->members |= SNAP_THREAD_RSEQ;
	return SNAP_OK;
}

snap_err snap_tracee_read_robust_list(struct snap_tracee *tracee,
				      struct snap_thread *thread)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the robust list of thread %d",
				   (int)thread->tid));
	void *head = NULL;
	size_t length = 0;
	if (syscall(SYS_get_robust_list, thread->tid, &head, &length) < 0)
		return snap_error_os(errno, "cannot read the robust list of thread %d",
				     (int)thread->tid);
	thread->robust_list.head = (uint64_t)(uintptr_t)head;
	thread->robust_list.length = length;
	thread->members |= SNAP_THREAD_ROBUST_LIST;
	return SNAP_OK;
}

snap_err snap_tracee_read_user_dispatch(struct snap_tracee *tracee, pid_t tid,
					struct snap_user_dispatch *ret)
{
	SNAP_TRY(snap_tracee_enter(tracee, "read the system call dispatch of thread %d",
				   (int)tid));
	*ret = (struct snap_user_dispatch){ 0 };
	// Since Linux 6.4; before, nobody can ask, and what is on would trap our calls.
	if (ptrace(SNAP_PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, tid, sizeof(*ret),
		   ret) < 0 &&
	    errno != EIO && errno != EINVAL)
		return snap_error_os(
			errno, "cannot read the system call dispatch of thread %d",
			(int)tid);
	return SNAP_OK;
}

snap_err snap_tracee_write_user_dispatch(struct snap_tracee *tracee, pid_t tid,
					 const struct snap_user_dispatch *dispatch)
{
	SNAP_TRY(snap_tracee_enter(tracee,
				   "write the system call dispatch of thread %d",
				   (int)tid));
	if (ptrace(SNAP_PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG, tid, sizeof(*dispatch),
		   dispatch) < 0)
		return snap_error_os(
			errno, "cannot write the system call dispatch of thread %d",
			(int)tid);
	return SNAP_OK;
}
