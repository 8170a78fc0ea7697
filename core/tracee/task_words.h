/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_TASK_WORDS_H
#define SNAP_TRACEE_TASK_WORDS_H

#include "core/base/buffer.h"
#include "core/base/worker.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * What the kernel tells of a process and its threads, as its own words.
 *
 * Signal actions, signal stacks, the heap's end, what prctl(2) tells: from outside
 * there is no call for it, and a thread has to be let run to ask. What /proc tells of a
 * thread are texts, which take 25 us. BPF iterators (core/tracee/bpf.h) read the
 * members of the kernel's structures that these answers and texts are made of. What
 * they mean changes from kernel to kernel, and they say more than the answers do: words
 * that are the same as before mean the same answers as before, and nothing else is
 * concluded.
 */

/** The iterators, by what they walk. */
enum snap_task_walk {
	/** The process, once. */
	SNAP_WALK_PROCESS,
	SNAP_WALK_THREADS,
	/** The descriptors of the process. */
	SNAP_WALK_FILES,
	SNAP_NR_WALKS,
};

/**
 * Programs for all processes of this kernel. They are made in the background: to find
 * the kernel's types in their description takes some milliseconds. Zero-initialise.
 */
struct snap_task_programs {
	/** Who makes them; NULL: nobody yet. */
	struct snap_worker *worker;
	/** All or none are there, when the worker has come to its end. */
	int fds[SNAP_NR_WALKS];
	/** Of the words of an object, in bytes. */
	uint32_t sizes[SNAP_NR_WALKS];
};

/** Begin to make them, if nobody has. That it cannot be done is no failure. */
void snap_task_programs_make(struct snap_task_programs *programs);

/** Whether they are there by now. */
bool snap_task_programs_are_there(struct snap_task_programs *programs);
void snap_task_programs_deinit(struct snap_task_programs *programs);

/** The iterators over one process. */
struct snap_task_words {
	bool is_bound;
	/** -1: this kernel has none, or not for us. */
	int link_fds[SNAP_NR_WALKS];
	/** Of the words of the process, and of each thread, in bytes. */
	uint32_t process_size;
	uint32_t thread_size;
};

/** The first of a process's words: some that are answers as they are. */
struct snap_process_words {
	/** brk(2) */
	uint64_t brk;
	/** ARCH_GET_XCOMP_PERM has no other bits than these; 0 on other CPUs. */
	uint64_t wide_registers;
};

/** Of a thread in more groups than these the words do not tell which. */
#define SNAP_NR_GROUP_WORDS 16

/** The first of each thread's words; all threads have as many. */
struct snap_thread_words {
	uint64_t altstack_sp;
	uint64_t altstack_size;
	uint64_t tid_address;
	/** Those after the last are 0. */
	uint32_t groups[SNAP_NR_GROUP_WORDS];
};

/**
 * @param[out] ret The words of the process, then those of its threads; empty where they
 *	cannot be read (yet).
 * @param[out] ret_has_owners Whether a descriptor has somebody who gets its signals
 *	(fcntl(2), F_SETOWN, F_SETSIG).
 */
_must_check_ snap_err snap_task_words_read(struct snap_task_words *words,
					   struct snap_task_programs *programs,
					   struct snap_tracee *tracee,
					   struct snap_buffer *ret,
					   bool *ret_has_owners);
void snap_task_words_deinit(struct snap_task_words *words);

#endif
