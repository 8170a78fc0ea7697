/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_UNWIND_H
#define SNAP_UNWIND_UNWIND_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/error.h"
#include "core/model/snapshot.h"

/** The most frames of one backtrace; recursion deeper than that is cut. */
#define SNAP_MAX_FRAMES 512

/** One frame of a backtrace. The strings are owned; NULL: not known. */
struct snap_frame {
	uint64_t pc;
	char *function;
	/** Of the pc from the function's start. */
	uint64_t function_offset;
	/** The source file and line, 0: not known. */
	char *file;
	int line;
	/** The file that holds the code. */
	char *module;
};

struct snap_backtrace {
	struct snap_frame *frames;
	size_t nr_frames;
	/** Why the backtrace ends where it ends, if not at the thread's start; owned.
	 */
	char *end_reason;
};

void snap_backtrace_deinit(struct snap_backtrace *backtrace);
#define _cleanup_backtrace_ _cleanup_(snap_backtrace_deinit)

/**
 * The backtraces of all threads of a snapshot, by libdwfl, from the snapshot's own
 * registers and memory and from the files it maps; no process is needed.
 *
 * Files that are gone or have another build-id are not used; frames in them have no
 * names.
 *
 * @param[out] ret snapshot->nr_threads entries, in the order of the threads. Each owned
 *	by the caller, and so is the array: snap_backtraces_destroy().
 */
_must_check_ snap_err snap_unwind_snapshot(const struct snap_snapshot *snapshot,
					   struct snap_backtrace **ret);

void snap_backtraces_destroy(struct snap_backtrace *backtraces, size_t nr);

/**
 * The backtrace of one stopped thread of a live process, by libunwind over ptrace:
 * pcs and function names (no lines). Call from the tracer.
 */
_must_check_ snap_err snap_unwind_live(pid_t tid, struct snap_backtrace *ret);

#endif
