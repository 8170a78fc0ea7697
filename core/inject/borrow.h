/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_BORROW_H
#define SNAP_INJECT_BORROW_H

#include <stdbool.h>

#include "core/inject/stops.h"
#include "core/model/snapshot.h"
#include "core/tracee/signals.h"
#include "core/tracee/tracee.h"

/**
 * A thread that makes system calls for us and does not remember it.
 *
 * While it is borrowed all its signals are blocked and its restartable sequence is put
 * aside; extended registers were read before the first call and are written back after
 * the last, where the calls changed them.
 */
struct snap_borrowed {
	struct snap_tracee *tracee;
	/** Where its system call instruction is. */
	uint64_t insn;
	/** As it was: register sets in raw form, sigmask, siginfo, rseq. */
	struct snap_thread thread;
	/** The rseq_cs pointer that was put aside; 0: none. */
	uint64_t rseq_cs;
	/** The user dispatch that was switched off; mode 0: none. */
	struct snap_user_dispatch dispatch;
	/** The SIGSTOPs that were pending, and that our calls use up. */
	struct snap_stops stops;
	/** What stops it at the end of a batch, snap_choose_stop_signal(). */
	int stop_signal;
	/** A SIGSEGV was pending before: not of a frame of ours. */
	bool had_sigsegv;
	/** It is in the middle of a system call of ours. */
	bool is_inside_call;
	/** What the kernel would go on with, by its number, in a call that it has taken
	 * the thread back to (arch.h, rewinds_early): that call, or restart_syscall(2).
	 * 0: it is in none. */
	int32_t resumed_call;
	/** A signal frame was loaded: the kernel has forgotten how to go on with a
	 * call. */
	bool has_lost_restart;
	/** Its last stop was that of a batch, in the kernel's signal path. */
	bool is_at_signal;
	/** It was let run since it was borrowed. */
	bool has_run;
	/** It is where it shall be already: snap_land_is_needed(). */
	bool stays;
	/** There is something to give back. */
	bool is_active;
};

/**
 * Refuse threads that cannot be borrowed now, before anything is touched: at the entry
 * of a system call, in a fork event, in a group stop.
 */
_must_check_ snap_err snap_borrow_check(pid_t tid, enum snap_stop_kind kind);

/**
 * Whether a thread that is borrowed and given back has the same registers afterwards:
 * one that was just starting another comes out of that call.
 *
 * @param thread With all that was read at its stop.
 */
bool snap_borrow_changes_nothing(const struct snap_thread *thread);

/**
 * @param insn From snap_find_syscall_insn().
 * @param known The process with all that was read of it in this stop, the thread and
 *	what is pending, too; NULL: it is read again.
 */
_must_check_ snap_err snap_borrow(struct snap_tracee *tracee, pid_t tid, uint64_t insn,
				  const struct snap_snapshot *known,
				  struct snap_borrowed *ret);

/**
 * Borrow a process that `parent` has just started, still before its first instruction,
 * and that is going to be ended: there is nothing to give back.
 */
_must_check_ snap_err snap_borrow_newborn(const struct snap_borrowed *parent, pid_t pid,
					  struct snap_borrowed *ret);

/** One system call. A negative errno is a result (*ret), not an error. */
_must_check_ snap_err snap_borrowed_call(struct snap_borrowed *borrowed,
					 enum snap_syscall number,
					 const uint64_t args[SNAP_MAX_SYSCALL_ARGS],
					 int64_t *ret);

/** The same, with a stack pointer that lies on no stack. */
_must_check_ snap_err
snap_borrowed_call_off_stack(struct snap_borrowed *borrowed, enum snap_syscall number,
			     const uint64_t args[SNAP_MAX_SYSCALL_ARGS], int64_t *ret);

/**
 * Prepare for signals that are about to be made pending, bit N-1 for signal N: none of
 * them may stop the thread, and what stops it may not remove any.
 */
_must_check_ snap_err snap_borrowed_expect(struct snap_borrowed *borrowed,
					   uint64_t signals);

/** Block signals again: a landed thread has the mask of its frame. */
_must_check_ snap_err snap_borrowed_block(struct snap_borrowed *borrowed);

/**
 * Run the batch code (arch.h, batch_code) to its end.
 *
 * @param code Where it lies in the process.
 * @param table `nr` entries there, not 0 of them.
 */
_must_check_ snap_err snap_borrowed_batch(struct snap_borrowed *borrowed, uint64_t code,
					  uint64_t table, size_t nr,
					  bool stops_at_error);

/**
 * Make the thread ready to run the batch code, which somebody else lets it do, until
 * stop_signal stops it.
 */
_must_check_ snap_err snap_borrowed_prepare(struct snap_borrowed *borrowed,
					    uint64_t code, uint64_t table, size_t nr,
					    bool stops_at_error);

/**
 * Load a signal frame, by rt_sigreturn(2).
 *
 * @param general The general registers to do it with: what a frame does not carry of
 *	them (segment bases) stays. Of the size of the thread's own.
 *
 * The registers and the signal mask are then the frame's, which the caller verifies.
 * SNAP_ERROR_MISMATCH when the kernel did not like the frame: the SIGSEGV it sends for
 * that is taken away.
 */
_must_check_ snap_err snap_borrowed_sigreturn(struct snap_borrowed *borrowed,
					      const struct snap_regset *general,
					      uint64_t frame);

/** The system call arguments; those not given are 0. */
#define SNAP_ARGS(...) ((const uint64_t[SNAP_MAX_SYSCALL_ARGS]){ __VA_ARGS__ })

/**
 * A thread that was interrupted in a system call (`thread` says in which one, and with
 * which note) goes back into it: what a signal handler does to the call is for the
 * kernel to decide, when the debugger has said which signal it gets. Others stay as
 * they are.
 */
_must_check_ snap_err snap_borrowed_reenter(struct snap_borrowed *borrowed,
					    const struct snap_thread *thread);

/** Give the thread back as it was. May be called again when it failed. */
_must_check_ snap_err snap_borrowed_return(struct snap_borrowed *borrowed);

/**
 * Forget what the thread was: it is going to be landed. Its signal mask, its registers
 * and its stop are the caller's business from here on.
 */
void snap_borrowed_keep(struct snap_borrowed *borrowed);

/** Return it if that has not been done; there is nobody to tell about a failure. */
void snap_borrowed_deinit(struct snap_borrowed *borrowed);
#define _cleanup_borrowed_ _cleanup_(snap_borrowed_deinit)

#endif
