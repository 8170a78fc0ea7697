// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/pending.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "core/tracee/proc.h"

/** How many are read at once. */
#define CHUNK 32

/** Where a timer's number for itself is (struct __sifields, _timer._sys_private). */
#define TIMER_PRIVATE_OFFSET 32

/** Sent by a debugger that wanted to stop this thread; 0: from another namespace. */
static bool is_debuggers(const struct snap_siginfo *info, bool is_shared)
{
	int sender = snap_siginfo_sender(info);
	return !is_shared && snap_siginfo_signal(info) == SIGSTOP &&
	       snap_siginfo_code(info) == SI_TKILL && (sender == getpid() || !sender);
}

static snap_err add(struct snap_siginfo *info, bool is_shared, struct snap_pending *ret)
{
	if (is_debuggers(info, is_shared)) {
		ret->has_stop_due = true;
		return SNAP_OK;
	}
	if (snap_siginfo_code(info) == SI_TIMER)
		memset(info->bytes + TIMER_PRIVATE_OFFSET, 0, sizeof(int32_t));
	return snap_pending_append(ret, info);
}

static snap_err peek(struct snap_tracee *tracee, pid_t tid, bool is_shared,
		     struct snap_pending *ret)
{
	struct snap_siginfo infos[CHUNK];
	struct __ptrace_peeksiginfo_args args = {
		.flags = is_shared ? PTRACE_PEEKSIGINFO_SHARED : 0,
		.nr = CHUNK,
	};
	memset(infos, 0, sizeof(infos)); // for valgrind
	for (;;) {
		SNAP_TRY(snap_tracee_enter(tracee,
					   "read the pending signals of thread %d",
					   (int)tid));
		long got = ptrace(PTRACE_PEEKSIGINFO, tid, &args, infos);
		if (got < 0)
			return snap_error_os(
				errno, "cannot read the pending signals of thread %d",
				(int)tid);
		if (!got)
			return SNAP_OK;
		for (long i = 0; i < got; i++)
			SNAP_TRY(add(&infos[i], is_shared, ret));
		args.off += (uint64_t)got;
	}
}

/** Signals that are pending without being queued: the user's queue was full. */
static snap_err add_unqueued(uint64_t set, struct snap_pending *ret)
{
	uint64_t missing = set & ~snap_pending_set(ret);
	if (ret->has_stop_due)
		missing &= ~snap_signal_bit(SIGSTOP);
	for (int signal = 1; signal <= SNAP_NR_SIGNALS; signal++) {
		struct snap_siginfo info = { { 0 } };
		if (!(missing & snap_signal_bit(signal)) || signal == SIGKILL)
			continue;
		memcpy(info.bytes, &signal, sizeof(signal));
		SNAP_TRY(snap_pending_append(ret, &info));
	}
	return SNAP_OK;
}

snap_err snap_tracee_read_pending(struct snap_tracee *tracee, pid_t tid, bool is_shared,
				  struct snap_pending *ret)
{
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tid, &status));
	return snap_tracee_read_pending_of(tracee, tid, is_shared,
					   is_shared ? status.shared_pending
						     : status.pending,
					   ret);
}

snap_err snap_tracee_read_pending_of(struct snap_tracee *tracee, pid_t tid,
				     bool is_shared, uint64_t set,
				     struct snap_pending *ret)
{
	_cleanup_pending_ struct snap_pending pending = { .is_captured = true };
	if (set) {
		SNAP_TRY(peek(tracee, tid, is_shared, &pending));
		SNAP_TRY(add_unqueued(set, &pending));
	}
	*ret = pending;
	pending = (struct snap_pending){ 0 };
	return SNAP_OK;
}

snap_err snap_tracee_queue(struct snap_tracee *tracee, pid_t tid,
			   const struct snap_siginfo *info)
{
	int signal = snap_siginfo_signal(info), code = snap_siginfo_code(info);
	SNAP_TRY(snap_tracee_enter(tracee, "queue signal %d for process %d", signal,
				   (int)tracee->pid));
	siginfo_t sent;
	memcpy(&sent, info, sizeof(sent));
	if (code >= 0 || code == SI_TKILL)
		sent.si_code = SI_QUEUE; // kernel/signal.c, do_rt_sigqueueinfo()
	long result =
		tid ? syscall(SYS_rt_tgsigqueueinfo, tracee->pid, tid, signal, &sent)
		    : syscall(SYS_rt_sigqueueinfo, tracee->pid, signal, &sent);
	if (result < 0)
		return snap_error_os(errno, "cannot queue signal %d for process %d",
				     signal, (int)tracee->pid);
	return SNAP_OK;
}
