/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_SESSION_H
#define SNAP_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/base/buffer.h"
#include "core/base/notes.h"
#include "core/base/progress.h"
#include "core/capture/freeze.h"
#include "core/compat/compat.h"
#include "core/inject/start.h"
#include "core/model/snapshot.h"
#include "core/plan/diff.h"
#include "core/session/history.h"
#include "core/session/known.h"

/**
 * @file
 * The verbs: what a debugger, or a program that traces a child, asks of the core.
 *
 * Call them from the thread that is the tracer. Every thread of the process is
 * stopped under ptrace, and stays so.
 */

/** Bytes in the inferior that are the debugger's: an inserted breakpoint. */
struct snap_patch {
	uint64_t address;
	/** What the program had there. */
	uint8_t original[16];
	size_t size;
};

/** The stopped process that a verb works on, and how. */
struct snap_target {
	pid_t pid;
	/** The thread that the user has selected; 0: the thread group leader. */
	pid_t current_tid;
	/** Sorted by address. Not owned. */
	const struct snap_patch *patches;
	size_t nr_patches;
	/** `report` may be NULL. */
	struct snap_progress progress;
	enum snap_copying copying;
	/** Shared memory that others may see is saved and rewound, too. */
	bool rewinds_shared;
	/**
	 * What is known of the process; it learns what is done. NULL: nothing is, and a
	 * snapshot has a store of its own.
	 */
	struct snap_history *history;
	/** For a restore that starts threads again. `run` may be NULL: it is refused.
	 */
	struct snap_runner runner;
	/** Saves work, and is kept from verb to verb by the caller; NULL: nothing is.
	 */
	struct snap_known *known;
	/**
	 * For tests of promise 2: the Nth call into the kernel, counted from 1, fails
	 * with EIO without being made. 0: none does.
	 */
	uint64_t fail_at;
	/** If not NULL: the calls into the kernel that were counted. */
	uint64_t *ret_nr_calls;
};

/**
 * Take a snapshot. Leaves no trace in the process (promise 3).
 *
 * Memory may still have to be copied: snap_memory_settle() before any is looked at.
 *
 * @param[out] ret Owned by the caller: snap_snapshot_destroy().
 */
_must_check_ snap_err snap_session_capture(const struct snap_target *target,
					   struct snap_snapshot **ret);

struct snap_restore_options {
	/** Read all memory back and compare it (promise 1). Registers always are. */
	bool verify_memory;
	/** What to do about registers that this machine does not have. */
	enum snap_compat_mode fpu_mode;
	/** The process was started for the snapshot: what it cannot be given back is
	 * among the notes. */
	bool is_new;
};

/** What a restore did. */
struct snap_restore_report {
	uint64_t bytes_compared;
	uint64_t bytes_written;
	size_t nr_threads;
	/** Those that had moved, and were landed. */
	size_t nr_landed;
	/** Steps on mappings: made, removed, changed. */
	size_t nr_mapping_steps;
	/** What was kept as it is, and what was not put back. snap_notes_deinit(). */
	struct snap_notes notes;
};

/**
 * Put the process back to where it was at the snapshot, or leave it as it is.
 *
 * Threads that it has ended, also on an error, have still to be noticed: their exit
 * statuses wait for the debugger.
 *
 * @param ret Filled on success. Not NULL.
 */
_must_check_ snap_err snap_session_restore(const struct snap_target *target,
					   const struct snap_snapshot *snapshot,
					   const struct snap_restore_options *options,
					   struct snap_restore_report *ret);

/**
 * The steps that a restore would do, as text: a line each, with its reason.
 *
 * @param[out] ret Text without a NUL; snap_buffer_deinit().
 */
_must_check_ snap_err snap_session_explain(const struct snap_target *target,
					   const struct snap_snapshot *snapshot,
					   enum snap_compat_mode fpu_mode,
					   struct snap_buffer *ret);

/**
 * What differs between two snapshots; no process is needed. Files that a snapshot maps
 * are looked at where they are proven to be those that were mapped.
 *
 * @param a,b `a` is the older one. They outlive the difference.
 * @param max_ranges How many ranges of memory are listed.
 * @param progress May be NULL.
 */
_must_check_ snap_err snap_session_diff(const struct snap_snapshot *a,
					const struct snap_snapshot *b,
					size_t max_ranges,
					const struct snap_progress *progress,
					struct snap_diff *ret);

/** Whether a process is the one that a snapshot was taken of; says what differs. */
_must_check_ snap_err snap_session_check_identity(const struct snap_target *target,
						  const struct snap_snapshot *snapshot);

#endif
