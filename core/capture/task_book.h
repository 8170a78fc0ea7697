/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_TASK_BOOK_H
#define SNAP_CAPTURE_TASK_BOOK_H

#include "core/base/buffer.h"
#include "core/model/snapshot.h"
#include "core/tracee/task_words.h"

/** What is known of a thread without a look at its registers. */
struct snap_task_entry {
	pid_t tid;
	uint64_t start_time;
	char comm[SNAP_COMM_SIZE];
	/** The signals that wait for it alone. */
	uint64_t pending;
	struct snap_thread_state state;

	/** Of what it was asked, as in struct snap_thread. */
	uint32_t members;
	uint64_t altstack_sp;
	uint64_t altstack_size;
	uint32_t altstack_flags;
	uint64_t tid_address;
};

/**
 * What a process and its threads told when they were looked at last, and the kernel's
 * words at that time (core/tracee/task_words.h). As long as the words are the same,
 * nothing is read, and nobody is let run to be asked. Zero-initialise, with the
 * programs.
 */
struct snap_task_book {
	/** Not owned. */
	struct snap_task_programs *programs;
	struct snap_task_words words;
	/** As they were read last, and as they were for what follows. */
	struct snap_buffer now;
	struct snap_buffer then;
	/** Nothing has changed since. */
	bool is_same;
	/** Somebody gets the signals of a descriptor: that is asked for each time. */
	bool has_owners;

	/** In the order of the snapshot's. Owned. */
	struct snap_task_entry *entries;
	size_t nr_entries;

	/** The answers of the process may be given again: nothing of them changes by
	 * itself. */
	bool has_answers;
	uint64_t brk;
	uint8_t lock_future;
	bool can_choose_timer_ids;
	bool chooses_timer_ids;
	struct snap_sigaction actions[SNAP_NR_SIGNALS];
	struct snap_attribute_values attributes;
};

void snap_task_book_deinit(struct snap_task_book *book);

/**
 * Read the words, before anything is read that is to be remembered.
 *
 * @param book May be NULL, here and in all that follows: nothing is known.
 */
_must_check_ snap_err snap_task_book_open(struct snap_task_book *book,
					  struct snap_tracee *tracee);

/** What is known of a thread and has not changed; NULL: nothing. */
const struct snap_task_entry *snap_task_book_find(const struct snap_task_book *book,
						  pid_t tid);

/**
 * Tell what a process would answer if it was asked.
 *
 * @param snapshot All that is read without asking is there.
 * @return false: it has to be asked.
 */
bool snap_task_book_tell(const struct snap_task_book *book,
			 struct snap_snapshot *snapshot);

/** Remember what was read and asked since snap_task_book_open(). */
_must_check_ snap_err snap_task_book_learn(struct snap_task_book *book,
					   const struct snap_snapshot *snapshot);

#endif
