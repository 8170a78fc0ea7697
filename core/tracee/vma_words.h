/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_VMA_WORDS_H
#define SNAP_TRACEE_VMA_WORDS_H

#include "core/base/buffer.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * The flags of mappings as the kernel's own words, vm_area_struct.vm_flags.
 *
 * /proc/PID/smaps tells them by letters, but counts the pages of each mapping first,
 * 12 ms for each GiB (measured on Linux 6.18). A BPF iterator over the mappings of a
 * process (task_vma, since Linux 5.12, for one process since 6.1; CAP_BPF and
 * CAP_PERFMON) reads the words alone. What their bits mean changes from kernel to
 * kernel: a word is for comparing.
 */

struct snap_vma_word {
	uint64_t start;
	uint64_t end;
	uint64_t flags;
};

/**
 * What makes such iterators, for all processes of this kernel: finding its own types in
 * its description takes milliseconds. Zero-initialise.
 */
struct snap_vma_program {
	bool is_known;
	/** -1: this kernel has none, or not for us. */
	int fd;
};

void snap_vma_program_deinit(struct snap_vma_program *program);

/** The iterator over one process's mappings. */
struct snap_vma_words {
	/** -1: this kernel has none, or not for us. */
	int link_fd;
};

/**
 * Not to be able to is no failure.
 *
 * @param program Is loaded the first time.
 */
_must_check_ snap_err snap_vma_words_init(struct snap_vma_words *words,
					  struct snap_vma_program *program, pid_t pid);
void snap_vma_words_deinit(struct snap_vma_words *words);

/**
 * @param[out] ret An array of struct snap_vma_word, by address; empty where they
 *	cannot be read.
 */
_must_check_ snap_err snap_vma_words_read(struct snap_vma_words *words,
					  struct snap_tracee *tracee,
					  struct snap_buffer *ret);

#endif
