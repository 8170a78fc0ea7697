/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_VMA_BOOK_H
#define SNAP_TRACEE_VMA_BOOK_H

#include "core/base/buffer.h"
#include "core/model/vma.h"
#include "core/tracee/tracee.h"
#include "core/tracee/vma_words.h"

/**
 * What the kernel's words for the flags of mappings mean, learned from smaps: who knows
 * the words of all mappings need not read smaps, whose price is that of all the pages
 * that are there.
 *
 * A word says all of VmFlags and the protection key, because the kernel writes both
 * from it (fs/proc/task_mmu.c). It does not say whether pages may vanish (MADV_FREE):
 * the kernel counts such pages of all processes, and when it has counted more, smaps is
 * read again.
 *
 * It belongs to one process, and outlives its tracee. Where the words cannot be read
 * (vma_words.h) smaps is always read.
 */
struct snap_vma_book {
	pid_t pid;
	uint64_t start_time;
	struct snap_vma_words words;
	/** Of the open page: struct snap_vma_word, and pages that MADV_FREE took. */
	struct snap_buffer now;
	uint64_t nr_lazy_now;
	/** struct entry of vma_book.c. */
	struct snap_buffer entries;
	/** Of smaps: struct snap_range of mappings with pages that may vanish. */
	struct snap_buffer lazy;
	uint64_t nr_lazy;
	/** As smaps told them of [vsyscall], which has no word. */
	uint32_t gate_flags;
	bool has_learned;
	/** It has, and nobody has followed it up since. */
	bool is_fresh;
};

/**
 * @param program Is used here alone.
 * @param start_time Of the process (identity.start_time).
 */
_must_check_ snap_err snap_vma_book_create(struct snap_vma_program *program, pid_t pid,
					   uint64_t start_time,
					   struct snap_vma_book **ret);
void snap_vma_book_destroy(struct snap_vma_book *book);

/** Read the words of the process as it is now. */
_must_check_ snap_err snap_vma_book_open(struct snap_vma_book *book,
					 struct snap_tracee *tracee);

/**
 * Add flags and protection keys to mappings from maps, after snap_vma_book_open().
 *
 * @return false: it does not know all of them; some may have got theirs.
 */
bool snap_vma_book_tell(const struct snap_vma_book *book, struct snap_vmas *vmas);

/** Learn from mappings of smaps, after snap_vma_book_open(). */
_must_check_ snap_err snap_vma_book_learn(struct snap_vma_book *book,
					  const struct snap_vmas *vmas);

/**
 * Calls of ours have given mappings a flag since the words were read, and nothing else
 * has changed: learn the new words from the old ones, where smaps would have to be read
 * next time. Does nothing where nothing was learned since this was last called.
 *
 * @param flag Of enum snap_vma_flag; 0: none that matters.
 */
_must_check_ snap_err snap_vma_book_follow(struct snap_vma_book *book,
					   struct snap_tracee *tracee, uint32_t flag);

#endif
