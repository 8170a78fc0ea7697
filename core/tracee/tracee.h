/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_TRACEE_H
#define SNAP_TRACEE_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arch/arch.h"
#include "core/base/error.h"
#include "core/model/ranges.h"

/**
 * @file
 * The door to the kernel: nobody else calls ptrace() or opens /proc.
 *
 * Every function that asks the kernel something first passes snap_tracee_enter(), so
 * that a test can make the Nth of them fail.
 */

struct snap_cpu;
struct snap_task_book;
struct snap_vma_book;

/** Mappings that were asked for writes, and the pages there that were written to. */
struct snap_writes_told {
	struct snap_ranges asked;
	struct snap_ranges written;
};

/** A process that the calling thread traces, all of its threads stopped. */
struct snap_tracee {
	pid_t pid;
	/** Of the machine that we run on. */
	const struct snap_arch *arch;
	/** /proc/PID, its mem and its pagemap; -1: not open. */
	int proc_fd;
	int mem_fd;
	int pagemap_fd;
	/** The leader's status, which is read again and again; -1: not yet. */
	int status_fd;
	/** When it was started: snap_proc_read_start_time(); 0: not read yet. */
	uint64_t start_time;
	size_t page_size;
	/** The machine, described before; NULL: it was not. Not owned. */
	const struct snap_cpu *machine;
	/** What is known of its mappings; NULL: nothing. Not owned. */
	struct snap_vma_book *vma_book;
	/** What is known of it and its threads; NULL: nothing. Not owned. */
	struct snap_task_book *task_book;
	/**
	 * A userfaultfd of ours in the process, that notes writes; -1: none. Not owned:
	 * whoever has a struct snap_tracker sets it. Mappings that it watches do not
	 * count as watched by others.
	 */
	int uffd;
	/** What is not protected by it has been written to, and nothing else: the quick
	 * way to ask (core/tracee/dirty.h) is to be trusted. */
	bool trusts_writes;
	/** What it told when the mappings were read. */
	struct snap_writes_told told;
	/** smaps tells which mappings may have guards (core/tracee/guards.h). */
	bool tells_guards;
	/** The PAGEMAP_SCAN ioctl was tried and is not there. */
	bool lacks_pagemap_scan;
	/** Soft-dirty bits were read one by one, for want of an ioctl that has them. */
	bool reads_entries;
	/** snap_tracee_check_thawed() has looked. */
	bool is_thawed;
	/** The call that is to fail, 0: none. It fails once. */
	uint64_t fail_at;
	uint64_t nr_calls;
};

/** A tracee with nothing open, for snap_tracee_deinit(). */
static inline struct snap_tracee snap_no_tracee(void)
{
	return (struct snap_tracee){
		.proc_fd = -1,
		.mem_fd = -1,
		.pagemap_fd = -1,
		.status_fd = -1,
		.uffd = -1,
	};
}

/**
 * SNAP_ERROR_GONE when there is no such process. On an error nothing is open, and
 * snap_tracee_deinit() may be called all the same: a scope guard will.
 */
_must_check_ snap_err snap_tracee_init(struct snap_tracee *tracee, pid_t pid,
				       uint64_t fail_at);
void snap_tracee_deinit(struct snap_tracee *tracee);
#define _cleanup_tracee_ _cleanup_(snap_tracee_deinit)

/**
 * Count a call into the kernel; an EIO in its place when it is the one that shall fail.
 *
 * @param what Completes "cannot …".
 */
_must_check_ _printf_(2, 3) snap_err
	snap_tracee_enter(struct snap_tracee *tracee, const char *what, ...);

#endif
