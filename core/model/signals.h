/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_SIGNALS_H
#define SNAP_MODEL_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** Signals are 1 to 64 on every Linux that we know (include/uapi/asm-generic). */
#define SNAP_NR_SIGNALS 64

/** sizeof(siginfo_t) on every Linux. */
#define SNAP_SIGINFO_SIZE 128

/** The longest name of a signal with its NUL: "SIGRTMIN+30". */
#define SNAP_SIGNAL_NAME_SIZE 12

static inline uint64_t snap_signal_bit(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

/** SIGSEGV, SIGRTMIN+3; 32 and 33, which the C library keeps for itself, SIG32. */
void snap_signal_name(int signal, char ret[SNAP_SIGNAL_NAME_SIZE]);

/** Raw siginfo_t: who sent a signal, how, and with what value. */
struct snap_siginfo {
	uint8_t bytes[SNAP_SIGINFO_SIZE];
};

/** si_signo, si_code and si_pid of a siginfo. */
int snap_siginfo_signal(const struct snap_siginfo *info);
int snap_siginfo_code(const struct snap_siginfo *info);
int snap_siginfo_sender(const struct snap_siginfo *info);

/** What rt_sigaction(2) takes and gives: struct sigaction of the kernel, 64-bit. */
struct snap_sigaction {
	/** 0: SIG_DFL, 1: SIG_IGN. */
	uint64_t handler;
	/** SA_…, SA_RESTORER among them. */
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

/** The signals that wait for one thread, or for any thread of the process. */
struct snap_pending {
	bool is_captured;
	/** The debugger's own SIGSTOP, which is not in the list, waits too. */
	bool has_stop_due;
	/** In the order in which they were sent. Owned. */
	struct snap_siginfo *list;
	size_t nr;
};

void snap_pending_deinit(struct snap_pending *pending);
#define _cleanup_pending_ _cleanup_(snap_pending_deinit)

_must_check_ snap_err snap_pending_append(struct snap_pending *pending,
					  const struct snap_siginfo *info);

/** Deep copy into an uninitialised *ret. */
_must_check_ snap_err snap_pending_copy(const struct snap_pending *pending,
					struct snap_pending *ret);

/** The signals in it: bit N-1 for signal N. */
uint64_t snap_pending_set(const struct snap_pending *pending);

/** The first of a signal in the list, or NULL. */
const struct snap_siginfo *snap_pending_find(const struct snap_pending *pending,
					     int signal);

/**
 * Whether a program sees the same in both. Who has sent a SIGSTOP no program can see.
 */
bool snap_pending_is_equal(const struct snap_pending *a, const struct snap_pending *b);

/** What is the same for all threads of a process. */
struct snap_signals {
	/** `actions` and `queue_limit` are known. */
	bool is_captured;
	/** Of signal N in place N-1; SIGKILL and SIGSTOP have none. */
	struct snap_sigaction actions[SNAP_NR_SIGNALS];
	/** RLIMIT_SIGPENDING. */
	uint64_t queue_limit;
	/** How many signals the user has queued in all processes; of a live one only.
	 */
	uint64_t nr_queued;
	/** Pending for the process. */
	struct snap_pending pending;
};

/** A signal whose action can be set. */
static inline bool snap_signal_has_action(int signal)
{
	return signal != 9 && signal != 19;
}

#endif
