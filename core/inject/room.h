/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_ROOM_H
#define SNAP_INJECT_ROOM_H

#include "core/inject/borrow.h"
#include "core/inject/scratch.h"

/**
 * A place of ours in the process, where borrowed threads make system calls: code that
 * makes many in one resumption, its table, and space for what the calls are told and
 * what they answer. None of it was there before, and nothing of it stays.
 *
 * Where the process cannot map one more page, it is SNAP_SCRATCH_SIZE borrowed bytes
 * instead, and calls are made one by one: `data_size` says how much there is.
 */
struct snap_room {
	struct snap_tracee *tracee;
	/** Where the batch code lies; 0: there is none. */
	uint64_t code;
	uint64_t table;
	/** 64-byte aligned where there is more than SNAP_SCRATCH_SIZE. */
	uint64_t data;
	uint64_t data_size;
	/** What snap_room_open() has mapped, and by whom; NULL: nothing. */
	struct snap_borrowed *owner;
	uint64_t start;
	uint64_t size;
	/** Instead of a mapping. */
	struct snap_scratch scratch;
};

/** One system call of a batch. */
struct snap_call {
	enum snap_syscall number;
	uint64_t args[SNAP_MAX_SYSCALL_ARGS];
	/** Negative errno, or what it returned; SNAP_NOT_MADE. */
	int64_t result;
};

/** A call and its arguments; those not given are 0: SNAP_CALL(BRK, end). */
#define SNAP_CALL(number_, ...)                                        \
	{                                                              \
		.number = SNAP_SYS_##number_, .args = { __VA_ARGS__ }, \
	}

/** The result of a call that was not made: one before it has failed. */
#define SNAP_NOT_MADE INT64_MIN

/** How much of a room is not data: the code and the table, a page each. */
#define SNAP_ROOM_OVERHEAD(page_size) (2 * (uint64_t)(page_size))

/**
 * Make room in a process that shall not notice. snap_room_close() before `owner` is
 * given back.
 *
 * @param process Its vmas, and its threads with their registers.
 * @param data_size What is wanted; where it cannot be had there is less.
 */
_must_check_ snap_err snap_room_open(struct snap_borrowed *owner,
				     const struct snap_snapshot *process,
				     uint64_t data_size, struct snap_room *ret);

/**
 * Use a mapping that is there already, readable and writable, whole pages, all zero;
 * snap_room_close() is not needed.
 */
_must_check_ snap_err snap_room_use(struct snap_borrowed *owner, uint64_t start,
				    uint64_t size, struct snap_room *ret);

/** Unmap it, or put the scratch bytes back. May be called again when it failed. */
_must_check_ snap_err snap_room_close(struct snap_room *room);

/** Close it if that has not been done. */
void snap_room_deinit(struct snap_room *room);
#define _cleanup_room_ _cleanup_(snap_room_deinit)

/**
 * Make system calls, in order.
 *
 * @param who Any borrowed thread of the process.
 * @param stops_at_error Calls behind the first that fails are not made.
 * @return An error when not all results could be learned; the results of the calls are
 *	the caller's to look at.
 */
_must_check_ snap_err snap_room_call(struct snap_room *room, struct snap_borrowed *who,
				     struct snap_call *calls, size_t nr,
				     bool stops_at_error);

/** One call that must not fail: its negative result becomes "cannot `what`". */
_must_check_ _printf_(4, 5) snap_err
	snap_must_call(struct snap_borrowed *who, enum snap_syscall number,
		       const uint64_t args[SNAP_MAX_SYSCALL_ARGS], const char *what,
		       ...);

/** A result that is a failure: -1 to -4095. */
static inline bool snap_call_failed(int64_t result)
{
	return result < 0 && result > -4096;
}

#endif
