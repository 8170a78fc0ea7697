// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/borrow.h"

#include <signal.h>
#include <string.h>

#include "core/capture/rseq.h"
#include "core/capture/syscall.h"
#include "core/inject/rearm.h"
#include "core/tracee/groups.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"
#include "core/tracee/registers.h"
#include "core/tracee/resume.h"

/** Of include/linux/errno.h: seen by tracers only. */
#define ERESTART_RESTARTBLOCK 516

snap_err snap_borrow_check(pid_t tid, enum snap_stop_kind kind)
{
	switch (kind) {
	case SNAP_STOP_SIGNAL:
	case SNAP_STOP_SYSCALL_EXIT:
	case SNAP_STOP_CLONE:
		return SNAP_OK;
	case SNAP_STOP_SYSCALL_ENTRY:
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "thread %d is at the entry of a system call",
					  (int)tid),
			"type \"continue\" to get to its return, and try again");
	case SNAP_STOP_EVENT:
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"thread %d is in the middle of a fork, an exec or "
				"its exit",
				(int)tid),
			"type \"stepi\" or \"continue\" to get out of it, and try again");
	case SNAP_STOP_GROUP:
		return snap_error_with_remedy(
			snap_error_create(SNAP_ERROR_REFUSED,
					  "thread %d is stopped as by a shell's Ctrl-Z",
					  (int)tid),
			"send the process a SIGCONT, let it run and stop it again");
	}
	return SNAP_OK;
}

/** A system call that has started a thread is let run to its end: nothing else happens.
 */
static snap_err finish_clone(struct snap_borrowed *borrowed)
{
	struct snap_stop stop;
	SNAP_TRY(snap_tracee_resume(borrowed->tracee, borrowed->thread.tid,
				    SNAP_RESUME_TO_SYSCALL, &stop));
	if (!stop.is_syscall)
		return snap_error_create(SNAP_ERROR_MISMATCH,
					 "thread %d did not come out of its clone call",
					 (int)borrowed->thread.tid);
	return SNAP_OK;
}

/** The kernel would take the pointer away as soon as the thread runs elsewhere. */
static snap_err put_rseq_aside(struct snap_borrowed *borrowed)
{
	uint64_t address = borrowed->thread.rseq.address, none = 0;
	if (!address)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_read(borrowed->tracee, address + SNAP_RSEQ_CS_OFFSET,
				  &borrowed->rseq_cs, sizeof(borrowed->rseq_cs)));
	if (!borrowed->rseq_cs)
		return SNAP_OK;
	return snap_tracee_write(borrowed->tracee, address + SNAP_RSEQ_CS_OFFSET, &none,
				 sizeof(none));
}

static snap_err put_dispatch_aside(struct snap_borrowed *borrowed)
{
	static const struct snap_user_dispatch off = { 0 };
	pid_t tid = borrowed->thread.tid;
	SNAP_TRY(snap_tracee_read_user_dispatch(borrowed->tracee, tid,
						&borrowed->dispatch));
	if (!borrowed->dispatch.mode)
		return SNAP_OK;
	return snap_tracee_write_user_dispatch(borrowed->tracee, tid, &off);
}

static snap_err read_thread(struct snap_borrowed *borrowed)
{
	struct snap_thread *thread = &borrowed->thread;
	enum snap_stop_kind kind;
	SNAP_TRY(snap_tracee_read_stop(borrowed->tracee, thread, &kind));
	SNAP_TRY(snap_borrow_check(thread->tid, kind));
	if (kind == SNAP_STOP_CLONE) {
		SNAP_TRY(finish_clone(borrowed));
		// The event's siginfo means nothing any more.
		thread->members &= ~(uint32_t)SNAP_THREAD_SIGINFO;
		kind = SNAP_STOP_SYSCALL_EXIT;
	}
	SNAP_TRY(snap_leave_syscall(borrowed->tracee, thread, kind));
	SNAP_TRY(snap_tracee_read_regsets(borrowed->tracee, thread));
	// In no call, in words that also hold when it has made calls for us.
	const struct snap_arch *arch = borrowed->tracee->arch;
	if (arch->syscall_number(thread->regsets[0].data) < 0)
		arch->set_pc(thread->regsets[0].data, arch->pc(thread));
	SNAP_TRY(snap_tracee_read_sigmask(borrowed->tracee, thread->tid,
					  &thread->sigmask));
	thread->members |= SNAP_THREAD_SIGMASK;
	return snap_tracee_read_rseq(borrowed->tracee, thread);
}

/** All is there that read_thread() reads, and no system call is unfinished. */
bool snap_borrow_changes_nothing(const struct snap_thread *thread)
{
	const uint32_t needed = SNAP_THREAD_SIGINFO | SNAP_THREAD_SIGMASK;
	struct snap_siginfo info;
	if ((thread->members & needed) != needed)
		return false;
	memcpy(info.bytes, thread->siginfo, sizeof(info.bytes));
	// Events are read again: what they stop in the middle of is finished first.
	return snap_siginfo_signal(&info) != SIGTRAP || snap_siginfo_code(&info) <= 0 ||
	       !(snap_siginfo_code(&info) >> 8);
}

static snap_err copy_thread(const struct snap_thread *known, struct snap_thread *thread)
{
	for (size_t i = 0; i < SNAP_MAX_REGSETS; i++)
		SNAP_TRY(snap_thread_set_regset(thread, i, known->regsets[i].data,
						known->regsets[i].size));
	memcpy(thread->siginfo, known->siginfo, sizeof(thread->siginfo));
	thread->sigmask = known->sigmask;
	thread->rseq = known->rseq;
	thread->members |= known->members & (SNAP_THREAD_SIGINFO | SNAP_THREAD_SIGMASK |
					     SNAP_THREAD_RSEQ);
	return SNAP_OK;
}

/** What waits for a thread and for the process, as it was read in this stop. */
static bool is_pending_known(const struct snap_snapshot *known, pid_t tid,
			     uint64_t *ret)
{
	const struct snap_thread *thread =
		known ? snap_snapshot_thread(known, tid) : NULL;
	if (!thread || !thread->pending.is_captured ||
	    !known->signals.pending.is_captured)
		return false;
	*ret = snap_pending_set(&thread->pending) |
	       snap_pending_set(&known->signals.pending);
	if (thread->pending.has_stop_due || known->signals.pending.has_stop_due)
		*ret |= snap_signal_bit(SIGSTOP);
	return true;
}

/** Block signals, and remember the SIGSTOPs that cannot be blocked. */
static snap_err block_signals(struct snap_borrowed *borrowed,
			      const struct snap_snapshot *known)
{
	struct snap_proc_status status;
	pid_t tid = borrowed->thread.tid;
	uint64_t pending;
	if (is_pending_known(known, tid, &pending) &&
	    !(pending & snap_signal_bit(SIGSTOP)))
		return snap_borrowed_expect(borrowed, pending);
	SNAP_TRY(snap_proc_read_status(borrowed->tracee, tid, &status));
	SNAP_TRY(snap_stops_read(borrowed->tracee, tid, &status, &borrowed->stops));
	return snap_borrowed_expect(borrowed, status.pending | status.shared_pending);
}

_must_check_ static snap_err find_restart(struct snap_borrowed *borrowed);

snap_err snap_borrow(struct snap_tracee *tracee, pid_t tid, uint64_t insn,
		     const struct snap_snapshot *known, struct snap_borrowed *ret)
{
	_cleanup_borrowed_ struct snap_borrowed borrowed = {
		.tracee = tracee,
		.insn = insn,
		.thread.tid = tid,
		.thread.interrupted_syscall = -1,
	};
	const struct snap_thread *thread =
		known ? snap_snapshot_thread(known, tid) : NULL;
	SNAP_TRY(snap_tracee_check_thawed(tracee));
	if (thread && snap_borrow_changes_nothing(thread))
		SNAP_TRY(copy_thread(thread, &borrowed.thread));
	else
		SNAP_TRY(read_thread(&borrowed));
	borrowed.is_active = true;
	SNAP_TRY(put_rseq_aside(&borrowed));
	SNAP_TRY(put_dispatch_aside(&borrowed));
	SNAP_TRY(block_signals(&borrowed, known));
	SNAP_TRY(find_restart(&borrowed));
	*ret = borrowed;
	borrowed = (struct snap_borrowed){ 0 };
	return SNAP_OK;
}

snap_err snap_borrow_newborn(const struct snap_borrowed *parent, pid_t pid,
			     struct snap_borrowed *ret)
{
	// It has the signal mask of its parent: all are blocked.
	_cleanup_borrowed_ struct snap_borrowed borrowed = {
		.tracee = parent->tracee,
		.insn = parent->insn,
		.thread.tid = pid,
		.thread.interrupted_syscall = -1,
	};
	SNAP_TRY(snap_tracee_read_regset(borrowed.tracee, 0, &borrowed.thread));
	*ret = borrowed;
	borrowed = (struct snap_borrowed){ 0 };
	return SNAP_OK;
}

/** Run to the next system call stop, over SIGSTOPs that were pending. */
static snap_err run_to_syscall_stop(struct snap_borrowed *borrowed)
{
	pid_t tid = borrowed->thread.tid;
	borrowed->is_at_signal = false;
	borrowed->has_run = true;
	for (int tries = 0; tries < SNAP_NR_STOPS + 1; tries++) {
		struct snap_stop stop;
		SNAP_TRY(snap_tracee_resume(borrowed->tracee, tid,
					    SNAP_RESUME_TO_SYSCALL, &stop));
		if (stop.is_syscall)
			return SNAP_OK;
		if (stop.signal != SIGSTOP || stop.event)
			return snap_error_create(
				SNAP_ERROR_MISMATCH,
				"thread %d stopped by signal %d, event %d instead of a "
				"system call of ours",
				(int)tid, stop.signal, stop.event);
		SNAP_TRY(snap_stops_note(borrowed->tracee, tid, &borrowed->stops));
	}
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "thread %d is stopped again and again", (int)tid);
}

/** At a call's entry: note which one it is, and go on to its exit without it. */
static snap_err skip_call(struct snap_borrowed *borrowed)
{
	static const int32_t none = -1;
	struct snap_tracee *tracee = borrowed->tracee;
	size_t call = tracee->arch->syscall_regset;
	_cleanup_thread_ struct snap_thread now = { .tid = borrowed->thread.tid };
	SNAP_TRY(snap_tracee_read_regset(tracee, call, &now));
	if (!borrowed->resumed_call)
		memcpy(&borrowed->resumed_call, now.regsets[call].data,
		       sizeof(borrowed->resumed_call));
	SNAP_TRY(snap_tracee_write_regset(tracee, now.tid, call, &none, sizeof(none)));
	SNAP_TRY(run_to_syscall_stop(borrowed));
	borrowed->is_inside_call = false;
	return SNAP_OK;
}

/**
 * Which call the thread goes on with, where the kernel has taken it back to a call's
 * instruction: it is let run to the call's entry, and the call is not done.
 */
static snap_err find_restart(struct snap_borrowed *borrowed)
{
	if (!borrowed->tracee->arch->rewinds_early)
		return SNAP_OK;
	_cleanup_thread_ struct snap_thread settled;
	SNAP_TRY(snap_thread_copy(&borrowed->thread, &settled));
	SNAP_TRY(snap_settle_syscall(borrowed->tracee, &settled));
	if (!settled.interrupted_result)
		return SNAP_OK;
	SNAP_TRY(run_to_syscall_stop(borrowed));
	borrowed->is_inside_call = true;
	snap_err error = skip_call(borrowed);
	if (!error)
		return SNAP_OK;
	// Whatever we say, the thread must not be left to wait in there.
	snap_error_destroy(error);
	return skip_call(borrowed);
}

/** Let the thread run from the entry to the exit of a call, and read its registers. */
static snap_err finish_call(struct snap_borrowed *borrowed, struct snap_thread *ret)
{
	if (borrowed->is_inside_call)
		SNAP_TRY(run_to_syscall_stop(borrowed));
	borrowed->is_inside_call = false;
	return snap_tracee_read_regset(borrowed->tracee, 0, ret);
}

/** Run the call that `regs` are about to make; its registers afterwards go to *ret. */
static snap_err run_call(struct snap_borrowed *borrowed, const uint8_t *regs,
			 struct snap_thread *ret)
{
	pid_t tid = borrowed->thread.tid;
	SNAP_TRY(snap_tracee_write_regset(borrowed->tracee, tid, 0, regs,
					  borrowed->thread.regsets[0].size));
	SNAP_TRY(run_to_syscall_stop(borrowed));
	borrowed->is_inside_call = true;
	ret->tid = tid;
	snap_err error = finish_call(borrowed, ret);
	if (!error)
		return SNAP_OK;
	// The kernel does the call now, whatever we say: what it did has to be known.
	snap_error_destroy(error);
	return finish_call(borrowed, ret);
}

/** A copy of general registers. Owned by the caller, NULL: no memory. */
static uint8_t *copy_registers(const struct snap_regset *general)
{
	uint8_t *regs = malloc(general->size);
	if (regs)
		memcpy(regs, general->data, general->size);
	return regs;
}

static snap_err call(struct snap_borrowed *borrowed, enum snap_syscall number,
		     const uint64_t args[SNAP_MAX_SYSCALL_ARGS], bool is_off_stack,
		     int64_t *ret)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	_cleanup_free_ uint8_t *regs = copy_registers(&borrowed->thread.regsets[0]);
	if (!regs)
		return &snap_enomem;
	if (is_off_stack)
		arch->set_sp(regs, 0);
	arch->prepare_syscall(regs, borrowed->insn, arch->syscalls[number], args);
	_cleanup_thread_ struct snap_thread after = { 0 };
	SNAP_TRY(run_call(borrowed, regs, &after));
	*ret = arch->syscall_result(after.regsets[0].data);
	return SNAP_OK;
}

snap_err snap_borrowed_call(struct snap_borrowed *borrowed, enum snap_syscall number,
			    const uint64_t args[SNAP_MAX_SYSCALL_ARGS], int64_t *ret)
{
	return call(borrowed, number, args, false, ret);
}

snap_err snap_borrowed_call_off_stack(struct snap_borrowed *borrowed,
				      enum snap_syscall number,
				      const uint64_t args[SNAP_MAX_SYSCALL_ARGS],
				      int64_t *ret)
{
	return call(borrowed, number, args, true, ret);
}

/** Run to the signal that the batch code sends, over SIGSTOPs that were pending. */
static snap_err run_to_end_of_batch(struct snap_borrowed *borrowed, uint64_t code)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	pid_t tid = borrowed->thread.tid;
	_cleanup_thread_ struct snap_thread after = { .tid = tid };
	for (int tries = 0; tries < SNAP_NR_STOPS + 1; tries++) {
		struct snap_stop stop;
		SNAP_TRY(snap_tracee_resume(borrowed->tracee, tid,
					    SNAP_RESUME_TO_SIGNAL, &stop));
		SNAP_TRY(snap_tracee_read_regset(borrowed->tracee, 0, &after));
		uint64_t done = arch->pc(&after) - code;
		borrowed->is_at_signal = stop.signal == borrowed->stop_signal && done;
		if (borrowed->is_at_signal)
			return SNAP_OK;
		if (stop.signal != SIGSTOP || stop.event || done)
			return snap_error_create(
				SNAP_ERROR_MISMATCH,
				"thread %d stopped by signal %d, event %d in the middle "
				"of system calls of ours",
				(int)tid, stop.signal, stop.event);
		SNAP_TRY(snap_stops_note(borrowed->tracee, tid, &borrowed->stops));
	}
	return snap_error_create(SNAP_ERROR_MISMATCH,
				 "thread %d is stopped again and again", (int)tid);
}

snap_err snap_borrowed_prepare(struct snap_borrowed *borrowed, uint64_t code,
			       uint64_t table, size_t nr, bool stops_at_error)
{
	const struct snap_regset *general = &borrowed->thread.regsets[0];
	borrowed->is_at_signal = false;
	borrowed->has_run = true;
	_cleanup_free_ uint8_t *regs = copy_registers(general);
	if (!regs)
		return &snap_enomem;
	borrowed->tracee->arch->prepare_batch(regs, code, table, nr,
					      borrowed->stop_signal, stops_at_error);
	return snap_tracee_write_regset(borrowed->tracee, borrowed->thread.tid, 0, regs,
					general->size);
}

snap_err snap_borrowed_batch(struct snap_borrowed *borrowed, uint64_t code,
			     uint64_t table, size_t nr, bool stops_at_error)
{
	SNAP_TRY(snap_borrowed_prepare(borrowed, code, table, nr, stops_at_error));
	return run_to_end_of_batch(borrowed, code);
}

/** Take away the SIGSEGV that a bad frame has brought, if there is one. */
static snap_err drain_sigsegv(struct snap_borrowed *borrowed, bool *ret_was_there)
{
	pid_t tid = borrowed->thread.tid;
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(borrowed->tracee, tid, &status));
	*ret_was_there =
		!borrowed->had_sigsegv && status.pending & UINT64_C(1) << (SIGSEGV - 1);
	if (!*ret_was_there)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_write_sigmask(borrowed->tracee, tid,
					   ~(UINT64_C(1) << (SIGSEGV - 1))));
	struct snap_stop stop;
	SNAP_TRY(snap_tracee_resume(borrowed->tracee, tid, SNAP_RESUME_TO_SIGNAL,
				    &stop));
	if (stop.signal != SIGSEGV)
		return snap_error_create(
			SNAP_ERROR_MISMATCH,
			"thread %d stopped by signal %d instead of the "
			"SIGSEGV of a bad frame",
			(int)tid, stop.signal);
	return SNAP_OK;
}

snap_err snap_borrowed_sigreturn(struct snap_borrowed *borrowed,
				 const struct snap_regset *general, uint64_t frame)
{
	_cleanup_free_ uint8_t *regs = copy_registers(general);
	if (!regs)
		return &snap_enomem;
	borrowed->tracee->arch->prepare_sigreturn(regs, borrowed->insn, frame);
	borrowed->has_lost_restart = true;
	_cleanup_thread_ struct snap_thread after = { 0 };
	SNAP_TRY(run_call(borrowed, regs, &after));
	bool was_bad;
	SNAP_TRY(drain_sigsegv(borrowed, &was_bad));
	if (was_bad)
		return snap_error_create(
			SNAP_ERROR_MISMATCH,
			"the kernel did not take the signal frame of thread %d",
			(int)borrowed->thread.tid);
	return SNAP_OK;
}

/**
 * The kernel has taken the thread back to the instruction of a call and forgotten, with
 * our calls, that it was inside.
 */
static snap_err settle_rewound(struct snap_borrowed *borrowed)
{
	struct snap_thread *thread = &borrowed->thread;
	_cleanup_thread_ struct snap_thread settled;
	SNAP_TRY(snap_thread_copy(thread, &settled));
	SNAP_TRY(snap_settle_syscall(borrowed->tracee, &settled));
	thread->interrupted_syscall = settled.interrupted_syscall;
	thread->interrupted_result = settled.interrupted_result;
	if (!settled.interrupted_result)
		return SNAP_OK;
	if (!borrowed->has_lost_restart &&
	    borrowed->resumed_call != settled.interrupted_syscall) {
		// The block is still there, and the kernel goes on with it.
		thread->interrupted_syscall = borrowed->resumed_call;
		thread->interrupted_result = -ERESTART_RESTARTBLOCK;
		return SNAP_OK;
	}
	struct snap_regset *general = &thread->regsets[0];
	memcpy(general->data, settled.regsets[0].data, general->size);
	return SNAP_OK;
}

/**
 * A call that the kernel was to resume with its restart block is made again from its
 * start when a frame has made the kernel forget the block.
 */
static snap_err settle_restart(struct snap_borrowed *borrowed)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	struct snap_thread *thread = &borrowed->thread;
	uint8_t *regs = thread->regsets[0].data;
	if (arch->rewinds_early)
		return settle_rewound(borrowed);
	if (!borrowed->has_lost_restart || arch->syscall_number(regs) < 0 ||
	    arch->syscall_result(regs) != -ERESTART_RESTARTBLOCK)
		return SNAP_OK;
	SNAP_TRY(snap_settle_syscall(borrowed->tracee, thread));
	if (thread->interrupted_result)
		arch->reenter_syscall(regs, thread);
	return SNAP_OK;
}

/**
 * After a frame was loaded: make the kernel restart calls of the thread again, where a
 * frame bars that (arch.h, sigreturn_bars_restart). Its general registers are lost.
 */
static snap_err allow_restart(struct snap_borrowed *borrowed)
{
	int64_t ignored;
	if (!borrowed->has_lost_restart ||
	    !borrowed->tracee->arch->sigreturn_bars_restart)
		return SNAP_OK;
	SNAP_TRY(snap_borrowed_block(borrowed));
	return snap_borrowed_call(borrowed, SNAP_SYS_GETPID, SNAP_ARGS(0), &ignored);
}

/** The kernel takes the first argument of a call from the last one that was entered. */
static snap_err recall_argument(struct snap_borrowed *borrowed,
				const struct snap_thread *thread)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	int64_t argument = arch->syscall_result(thread->regsets[0].data), pid;
	SNAP_TRY(snap_borrowed_block(borrowed));
	return snap_borrowed_call(borrowed, SNAP_SYS_GETPID,
				  SNAP_ARGS((uint64_t)argument), &pid);
}

snap_err snap_borrowed_reenter(struct snap_borrowed *borrowed,
			       const struct snap_thread *thread)
{
	struct snap_tracee *tracee = borrowed->tracee;
	const struct snap_arch *arch = tracee->arch;
	const struct snap_regset *general = &thread->regsets[0];
	if (!thread->interrupted_result)
		return SNAP_OK;
	_cleanup_free_ uint8_t *regs = copy_registers(general);
	if (!regs)
		return &snap_enomem;
	SNAP_TRY(allow_restart(borrowed));
	if (arch->rewinds_early)
		SNAP_TRY(recall_argument(borrowed, thread));
	arch->reenter_syscall(regs, thread);
	if (arch->syscall_regset)
		SNAP_TRY(snap_tracee_write_regset(tracee, thread->tid,
						  arch->syscall_regset,
						  &thread->interrupted_syscall,
						  sizeof(thread->interrupted_syscall)));
	return snap_tracee_write_regset(tracee, thread->tid, 0, regs, general->size);
}

/** The signal that ends a batch stops the thread where it belongs: it stays there. */
static snap_err rearm(struct snap_borrowed *borrowed)
{
	struct snap_tracee *tracee = borrowed->tracee;
	const struct snap_thread *thread = &borrowed->thread;
	bool has_siginfo = snap_thread_has(thread, SNAP_THREAD_SIGINFO);
	if (!borrowed->is_at_signal || !has_siginfo)
		return snap_rearm(tracee, thread->tid, thread->sigmask,
				  has_siginfo ? thread->siginfo : NULL);
	SNAP_TRY(snap_tracee_write_siginfo(tracee, thread->tid, thread->siginfo));
	return snap_tracee_write_sigmask(tracee, thread->tid, thread->sigmask);
}

snap_err snap_borrowed_return(struct snap_borrowed *borrowed)
{
	struct snap_tracee *tracee = borrowed->tracee;
	const struct snap_thread *thread = &borrowed->thread;
	if (borrowed->is_inside_call)
		SNAP_TRY(run_to_syscall_stop(borrowed));
	borrowed->is_inside_call = false;
	SNAP_TRY(settle_restart(borrowed));
	if (tracee->arch->syscall_number(thread->regsets[0].data) >= 0)
		SNAP_TRY(allow_restart(borrowed));
	SNAP_TRY(snap_tracee_write_regsets(tracee, thread, NULL));
	if (tracee->arch->rewinds_early)
		SNAP_TRY(snap_borrowed_reenter(borrowed, thread));
	if (borrowed->rseq_cs)
		SNAP_TRY(snap_tracee_write(tracee,
					   thread->rseq.address + SNAP_RSEQ_CS_OFFSET,
					   &borrowed->rseq_cs,
					   sizeof(borrowed->rseq_cs)));
	if (borrowed->dispatch.mode)
		SNAP_TRY(snap_tracee_write_user_dispatch(tracee, thread->tid,
							 &borrowed->dispatch));
	SNAP_TRY(rearm(borrowed));
	if (tracee->arch->rewinds_early)
		SNAP_TRY(snap_tracee_write_regsets(tracee, thread, NULL));
	SNAP_TRY(snap_stops_send(tracee, thread->tid, &borrowed->stops));
	borrowed->is_active = false;
	return SNAP_OK;
}

void snap_borrowed_keep(struct snap_borrowed *borrowed)
{
	borrowed->is_active = false;
}

void snap_borrowed_deinit(struct snap_borrowed *borrowed)
{
	if (borrowed->is_active) {
		_cleanup_error_ snap_err ignored = snap_borrowed_return(borrowed);
		(void)ignored;
	}
	snap_thread_deinit(&borrowed->thread);
}
