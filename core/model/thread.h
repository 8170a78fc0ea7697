/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_THREAD_H
#define SNAP_MODEL_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/model/attributes.h"
#include "core/model/signals.h"

/** The kernel's TASK_COMM_LEN: 15 characters and the NUL. */
#define SNAP_COMM_SIZE 16

/** The most register sets an architecture may have. */
#define SNAP_MAX_REGSETS 32

/** Raw bytes of one register set, as PTRACE_GETREGSET gave them. */
struct snap_regset {
	/** 0: this thread, CPU or kernel does not have the set. */
	size_t size;
	/** Owned. NULL when size is 0. */
	uint8_t *data;
};

/** Which of the optional members of struct snap_thread were captured. */
enum snap_thread_member {
	SNAP_THREAD_SIGMASK = 1 << 0,
	SNAP_THREAD_ALTSTACK = 1 << 1,
	SNAP_THREAD_RSEQ = 1 << 2,
	SNAP_THREAD_ROBUST_LIST = 1 << 3,
	SNAP_THREAD_TID_ADDRESS = 1 << 4,
	SNAP_THREAD_SIGINFO = 1 << 5,
};

/** One thread of a stopped process. */
struct snap_thread {
	pid_t tid;
	/** Clock ticks since boot, field 22 of /proc/PID/task/TID/stat: tells a reused
	 * TID. */
	uint64_t start_time;
	char comm[SNAP_COMM_SIZE];

	/** Indexed as the regsets table of the architecture. The first is the general
	 * one. */
	struct snap_regset regsets[SNAP_MAX_REGSETS];

	/** A set of enum snap_thread_member. */
	uint32_t members;

	/** Blocked signals, bit N-1 for signal N; inside sigsuspend() the saved mask.
	 */
	uint64_t sigmask;

	/** sigaltstack(2). */
	struct {
		uint64_t sp;
		uint64_t size;
		/** SS_DISABLE 2, SS_ONSTACK 1, SS_AUTODISARM 1<<31. */
		uint32_t flags;
	} altstack;

	/** Restartable sequences; address 0: not registered. */
	struct {
		uint64_t address;
		uint32_t size;
		uint32_t signature;
		uint32_t flags;
	} rseq;

	/** get_robust_list(2). */
	struct {
		uint64_t head;
		uint64_t length;
	} robust_list;

	/** set_tid_address(2): what the kernel clears and wakes when the thread ends.
	 */
	uint64_t tid_address;

	/** Why the thread was stopped, raw siginfo_t (PTRACE_GETSIGINFO). */
	uint8_t siginfo[SNAP_SIGINFO_SIZE];

	/** The signals that wait for this thread alone. */
	struct snap_pending pending;

	/**
	 * The system call the thread was interrupted in, or -1. The registers are
	 * already in the form that makes it happen again; this is what a person wants
	 * to know.
	 */
	int32_t interrupted_syscall;
	/**
	 * What the kernel had noted as its result: -512, -513 or -514, which decide
	 * what a signal handler does to the call. 0: none, or the call is not made
	 * again.
	 */
	int32_t interrupted_result;

	struct snap_thread_state state;
};

void snap_thread_deinit(struct snap_thread *thread);
#define _cleanup_thread_ _cleanup_(snap_thread_deinit)

/** Replace one register set by a copy of `data`. Size 0 makes it absent. */
_must_check_ snap_err snap_thread_set_regset(struct snap_thread *thread, size_t index,
					     const void *data, size_t size);

/** Deep copy into an uninitialised *ret. */
_must_check_ snap_err snap_thread_copy(const struct snap_thread *thread,
				       struct snap_thread *ret);

static inline bool snap_thread_has(const struct snap_thread *thread,
				   enum snap_thread_member member)
{
	return thread->members & member;
}

/** The signal number in the siginfo, or 0 where there is none. */
int snap_thread_stop_signal(const struct snap_thread *thread);

#endif
