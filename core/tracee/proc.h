/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_PROC_H
#define SNAP_TRACEE_PROC_H

#include "core/base/buffer.h"
#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/** The fields of /proc/PID/task/TID/stat that we use (man 5 proc). */
struct snap_proc_stat {
	char state;
	pid_t ppid;
	pid_t pgid;
	pid_t sid;
	/** Field 22, clock ticks since boot. */
	uint64_t start_time;
	/** Field 47; 0 where the caller may not see it. */
	uint64_t start_brk;
	/** The name, without NULs inside; the rest is NULs. */
	char comm[SNAP_COMM_SIZE];
};

/**
 * Where the parts of the program lie, by enum snap_landmark.
 *
 * @param[out] ret All 0 where the caller may not see it.
 */
_must_check_ snap_err snap_proc_read_landmarks(struct snap_tracee *tracee,
					       uint64_t ret[SNAP_NR_LANDMARKS]);

/** The fields of /proc/PID/task/TID/status that we use. */
struct snap_proc_status {
	pid_t tracer;
	uint32_t uid;
	uint32_t gid;
	/** Bit N-1 for signal N: pending for the thread, and for the process. */
	uint64_t pending;
	uint64_t shared_pending;
	/** Signals that the user has queued, in all processes, and the limit of this
	 * one. */
	uint64_t nr_queued;
	uint64_t queue_limit;
	/** CAP_CHECKPOINT_RESTORE, or CAP_SYS_ADMIN that implies it. */
	bool may_choose_tids;
	/** How many PID namespaces, from ours on, it has a number in. */
	int pid_depth;
	/** Bytes of memory that is not a file's, in memory or in swap, of the process.
	 */
	uint64_t own_memory;
	/** Bytes in swap; bytes that devices and io_uring may write to at any time. */
	uint64_t swapped;
	uint64_t pinned;
};

/** A whole file of /proc/PID (path relative to it), with a NUL behind its bytes. */
_must_check_ snap_err snap_proc_read_file(struct snap_tracee *tracee, const char *path,
					  struct snap_buffer *ret);

/**
 * The same, for records that are dear and longer than 512 bytes: the kernel makes as
 * many as it is asked for, and that which does not fit into its page again for the next
 * call (fs/seq_file.c, seq_read_iter()).
 */
_must_check_ snap_err snap_proc_read_records(struct snap_tracee *tracee,
					     const char *path, struct snap_buffer *ret);

/**
 * Read a small file of the kernel's that is not of one process, as of /proc or
 * /sys/fs/cgroup; *ret is empty where there is none.
 */
void snap_proc_read_small(const char *folder, const char *name, char *ret, size_t size);

_must_check_ snap_err snap_proc_read_stat(struct snap_tracee *tracee, pid_t tid,
					  struct snap_proc_stat *ret);

/**
 * When the process was started, in clock ticks since boot. Asked for once: a tracee is
 * one process, whose folder it has open.
 */
_must_check_ snap_err snap_proc_read_start_time(struct snap_tracee *tracee,
						uint64_t *ret);

/** What a text says that was read from a status file. */
void snap_proc_parse_status(const char *text, struct snap_proc_status *ret);

/** The text of a thread's status file. */
_must_check_ snap_err snap_proc_read_status_text(struct snap_tracee *tracee, pid_t tid,
						 struct snap_buffer *ret);

_must_check_ snap_err snap_proc_read_status(struct snap_tracee *tracee, pid_t tid,
					    struct snap_proc_status *ret);

/** Whether no process and no thread that we can see has this number. */
_must_check_ snap_err snap_proc_is_tid_free(struct snap_tracee *tracee, pid_t tid,
					    bool *ret);

/**
 * The threads of the process: the leader first, the rest by their numbers.
 *
 * @param[out] ret Owned by the caller: free().
 */
_must_check_ snap_err snap_proc_list_threads(struct snap_tracee *tracee, pid_t **ret,
					     size_t *ret_nr);

/**
 * Fill the identity, unless that is done, and the plain facts of a snapshot: command
 * line, ids, auxv, kernel.
 *
 * @param status Of the process.
 */
_must_check_ snap_err snap_proc_describe(struct snap_tracee *tracee,
					 const struct snap_proc_status *status,
					 struct snap_snapshot *snapshot);

/** Fill pid, start time, boot id, executable and its build-id. */
_must_check_ snap_err snap_proc_identify(struct snap_tracee *tracee,
					 struct snap_snapshot *snapshot);

#endif
