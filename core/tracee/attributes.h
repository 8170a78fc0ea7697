/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_ATTRIBUTES_H
#define SNAP_TRACEE_ATTRIBUTES_H

#include "core/model/attributes.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * What can be read, and changed, of a process and its threads without making them do
 * anything. What this kernel does not have, or does not tell this user, is left
 * unknown.
 */

/**
 * Folder, root, mask, limits, and what the debugger may do.
 *
 * @param text Of its status file.
 */
_must_check_ snap_err snap_tracee_read_process_state(struct snap_tracee *tracee,
						     const char *text,
						     struct snap_process_state *state);

/** Scheduling, CPUs, I/O priority, personality, privileges, namespaces. */
_must_check_ snap_err snap_tracee_read_thread_state(struct snap_tracee *tracee,
						    pid_t tid, const char *text,
						    struct snap_thread_state *state);

_must_check_ snap_err snap_tracee_write_limit(struct snap_tracee *tracee,
					      unsigned resource,
					      const struct snap_limit *limit);

/** All of SNAP_ATTRIBUTE_POLICY to SNAP_ATTRIBUTE_PERIOD. */
_must_check_ snap_err
snap_tracee_write_scheduling(struct snap_tracee *tracee, pid_t tid,
			     const struct snap_attribute_values *values);

/** @param cpus As struct snap_thread_state has it; SNAP_ERROR_CORRUPT: not a list. */
_must_check_ snap_err snap_tracee_write_cpus(struct snap_tracee *tracee, pid_t tid,
					     const char *cpus);

_must_check_ snap_err snap_tracee_write_io_priority(struct snap_tracee *tracee,
						    pid_t tid, uint64_t value);

/** SNAP_ATTRIBUTE_OOM_SCORE_ADJ or SNAP_ATTRIBUTE_COREDUMP_FILTER. */
_must_check_ snap_err snap_tracee_write_attribute_file(struct snap_tracee *tracee,
						       enum snap_attribute attribute,
						       uint64_t value);

/**
 * Which folder a path leads to.
 *
 * @param path As the process would call it.
 * @param[out] ret SNAP_ATTRIBUTE_FOLDER_DEVICE and _INODE are set, or left unknown
 *where it leads to none.
 */
_must_check_ snap_err snap_tracee_identify_folder(struct snap_tracee *tracee,
						  const char *path,
						  struct snap_attribute_values *ret);

/**
 * Look for a folder of the live process.
 *
 * @param path As the process would call it.
 * @param[out] ret_is_there The path leads to the very folder.
 * @param[out] ret_fd A descriptor of the process that is the very folder, or -1.
 */
_must_check_ snap_err snap_tracee_find_folder(struct snap_tracee *tracee,
					      const char *path, uint64_t device,
					      uint64_t inode, bool *ret_is_there,
					      int *ret_fd);

#endif
