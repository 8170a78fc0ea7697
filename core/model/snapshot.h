/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_SNAPSHOT_H
#define SNAP_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/model/attributes.h"
#include "core/model/cpu.h"
#include "core/model/files.h"
#include "core/model/memory.h"
#include "core/model/page.h"
#include "core/model/signals.h"
#include "core/model/tags.h"
#include "core/model/thread.h"
#include "core/model/timers.h"
#include "core/model/vma.h"

#define SNAP_UUID_SIZE 16
/** A uuid as text with its NUL: 8-4-4-4-12 hexadecimal digits. */
#define SNAP_UUID_TEXT_SIZE 37

struct snap_arch;

/** What tells one process from every other, of all boots of all machines. */
struct snap_identity {
	pid_t pid;
	/** Clock ticks since boot, field 22 of /proc/PID/stat. */
	uint64_t start_time;
	/** /proc/sys/kernel/random/boot_id, without the newline. Owned, never NULL. */
	char *boot_id;
	/** The path of the executable. Owned, never NULL. */
	char *exe;
	uint8_t exe_build_id_size;
	uint8_t exe_build_id[SNAP_BUILD_ID_SIZE];
};

/** Whether the process locks its new mappings in memory: mlockall(MCL_FUTURE). */
enum snap_lock_future {
	SNAP_LOCK_FUTURE_UNKNOWN,
	SNAP_LOCK_FUTURE_NOT,
	SNAP_LOCK_FUTURE_NOW,
	/** With MCL_ONFAULT. */
	SNAP_LOCK_FUTURE_ON_FAULT,
};

/** A process at one instant, as far as it was captured. */
struct snap_snapshot {
	uint8_t uuid[SNAP_UUID_SIZE];
	/** The snapshot that was newest when this one was taken; all zero: none. */
	uint8_t parent[SNAP_UUID_SIZE];
	/** Owned, never NULL; "" where the user gave none. */
	char *label;
	char *note;
	/** CLOCK_REALTIME, nanoseconds since 1970. */
	uint64_t time_ns;
	/** Of uname(2): "Linux 6.18.44 #1 SMP …" and the host's name. Owned, never
	 * NULL. */
	char *kernel;
	char *host;

	/** Not owned. */
	const struct snap_arch *arch;
	struct snap_cpu cpu;
	/** Of the kernel that it ran on: snap_is_page_size(). */
	uint64_t page_size;
	struct snap_identity identity;
	/** The command line, arguments separated by spaces. Owned, never NULL. */
	char *command_line;
	uint32_t uid;
	uint32_t gid;
	pid_t ppid;
	pid_t pgid;
	pid_t sid;

	/** The end of the heap, sbrk(0); 0 where it could not be asked. */
	uint64_t brk;
	/** Where the heap begins, field 47 of /proc/PID/stat. */
	uint64_t start_brk;
	/** Of enum snap_lock_future. */
	uint8_t lock_future;

	/** Raw bytes of /proc/PID/auxv. Owned. */
	uint8_t *auxv;
	size_t auxv_size;

	/** The thread that is selected first: the one GDB had selected. A member of
	 * threads. */
	pid_t current_tid;
	/** In the order of their TIDs but for the thread group leader, which is first.
	 */
	struct snap_thread *threads;
	size_t nr_threads;

	struct snap_signals signals;
	struct snap_timers timers;

	struct snap_process_state state;
	struct snap_vmas vmas;
	struct snap_memory memory;
	/** Bytes of `memory` that the store did not have before the save. Not part of
	 * an image. */
	uint64_t new_size;
	/** Of the mappings with SNAP_VMA_TAGGED. */
	struct snap_tags tags;
	struct snap_fd_table files;
	/** How the memory was copied, "while …": words for the user; NULL: not by us.
	 * Not part of an image. Owned. */
	char *copying;

	/**
	 * What could not be captured: sentences for the user, each owned. Mappings
	 * whose contents are left out by design are not among them.
	 */
	char **omissions;
	size_t nr_omissions;
};

/** A snapshot with empty strings, a fresh uuid and the present time. */
_must_check_ snap_err snap_snapshot_create(struct snap_snapshot **ret);
void snap_snapshot_destroy(struct snap_snapshot *snapshot);

static inline void snap_snapshot_cleanup(struct snap_snapshot **snapshot)
{
	snap_snapshot_destroy(*snapshot);
}

#define _cleanup_snapshot_ _cleanup_(snap_snapshot_cleanup)

/** Replace an owned string by a copy of `text`. */
_must_check_ snap_err snap_snapshot_set_text(char **place, const char *text);

/** Add a sentence to the omissions. */
_must_check_ _printf_(2, 3) snap_err
	snap_snapshot_omit(struct snap_snapshot *snapshot, const char *format, ...);

/**
 * Whether one of its threads is under seccomp: a filter may forbid a system call, and
 * end a thread, or all of them, that is made to make it (man 2 seccomp).
 */
bool snap_snapshot_is_confined(const struct snap_snapshot *snapshot);

/** The thread of a TID, or NULL. */
struct snap_thread *snap_snapshot_thread(const struct snap_snapshot *snapshot,
					 pid_t tid);

/** A value of the auxiliary vector by its type (AT_…), or `otherwise`. */
uint64_t snap_snapshot_auxv(const struct snap_snapshot *snapshot, uint64_t type,
			    uint64_t otherwise);

void snap_uuid_format(const uint8_t uuid[SNAP_UUID_SIZE],
		      char text[SNAP_UUID_TEXT_SIZE]);

#endif
