/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_DIFF_H
#define SNAP_PLAN_DIFF_H

#include "core/base/progress.h"
#include "core/plan/plan.h"

/**
 * @file
 * What differs between two snapshots, for a person: of one process at two times, or of
 * two processes. Nothing is refused; what cannot be compared is said.
 */

struct snap_register_desc;

/** A thread that one of the snapshots has, or both. */
struct snap_thread_pair {
	/** Not owned: of the snapshots. NULL: it was not there yet, it is gone. */
	const struct snap_thread *a;
	const struct snap_thread *b;
	/** Which of SNAP_THREAD_SIGMASK and _ALTSTACK differ, where both are there. */
	uint32_t changed;
};

/** A register of a thread that both have. */
struct snap_register_change {
	const struct snap_thread *a;
	const struct snap_thread *b;
	/** Not owned: of the architecture's tables. */
	const char *name;
	/** NULL: something that differs as a whole and has no value to show. */
	const struct snap_register_desc *desc;
};

/** Bytes that differ, with few or no equal ones between them. */
struct snap_memory_change {
	uint64_t start;
	/** One past the last. */
	uint64_t end;
	/** The mapping of `a` they lie in. Not owned. */
	const struct snap_vma *vma;
	/** One side's bytes are a file's that could not be looked at: they may differ.
	 */
	bool is_unknown;
	/** It is not the bytes that differ, but the tags of the memory. */
	bool is_tags;
};

struct snap_memory_changes {
	/** The first of them, by address; of a mapping the bytes, then the tags. */
	struct snap_memory_change *list;
	size_t nr;
	/** Of all. */
	size_t nr_all;
	uint64_t bytes_all;
};

struct snap_diff {
	/** Not owned. */
	const struct snap_snapshot *a;
	const struct snap_snapshot *b;
	/** Every thread once, in the order of `a`, then those that only `b` has. */
	struct snap_thread_pair *threads;
	size_t nr_threads;
	/** In the order of the threads, and of the architecture's table. */
	struct snap_register_change *registers;
	size_t nr_registers;
	struct snap_memory_changes memory;
	/** What else differs, as the steps from `b` back to `a`, and refusals. */
	struct snap_plan plan;
	/** What could not be compared, or not as one might think: sentences, owned. */
	char **notes;
	size_t nr_notes;
};

struct snap_diff_options {
	/** Bytes that are not the program's, which are not compared: sorted. */
	const struct snap_range *skips;
	size_t nr_skips;
	/**
	 * Read bytes that a snapshot does not hold because a file has them.
	 *
	 * @return false when the file is not known to have them still. NULL: no file
	 *	is.
	 */
	bool (*read_file)(void *context, const struct snap_snapshot *snapshot,
			  uint64_t address, uint8_t *ret, size_t size);
	void *context;
	/** How many ranges of memory are listed; all are counted. */
	size_t max_ranges;
	/** May be NULL. */
	const struct snap_progress *progress;
};

/** Takes the half-built. */
void snap_diff_deinit(struct snap_diff *diff);
#define _cleanup_diff_ _cleanup_(snap_diff_deinit)

/**
 * Compare. Pure: touches neither processes nor, but through the options, files.
 *
 * @param a,b `a` is the older one. They outlive the difference.
 */
_must_check_ snap_err snap_diff_make(const struct snap_snapshot *a,
				     const struct snap_snapshot *b,
				     const struct snap_diff_options *options,
				     struct snap_diff *ret);

/** Whether nothing at all was found. */
bool snap_diff_is_empty(const struct snap_diff *diff);

/**
 * Whether a step is a difference to be shown. Not one that only helps others (its event
 * in steps.def is ""); not one about a thread that only one side has, which is gone or
 * new with all that is its own; nor, as steps go by TID, one about a thread of another
 * process.
 */
bool snap_diff_shows_step(const struct snap_diff *diff, const struct snap_step *step);

#endif
