/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_FDS_H
#define SNAP_TRACEE_FDS_H

#include "core/base/buffer.h"
#include "core/model/files.h"
#include "core/tracee/tracee.h"

/**
 * The numbers of the process's descriptors.
 *
 * @param[out] ret Grows by them: an array of int, sorted.
 */
_must_check_ snap_err snap_tracee_list_fds(struct snap_tracee *tracee,
					   struct snap_buffer *ret);

/**
 * What can be learned of a descriptor without touching it: /proc/PID/fd and fdinfo.
 *
 * @param[out] ret Owned by the caller: snap_open_file_deinit().
 */
_must_check_ snap_err snap_tracee_read_fd(struct snap_tracee *tracee, int number,
					  struct snap_open_file *ret,
					  bool *ret_is_cloexec);

/**
 * Whether the file of a path, as the process sees it, is one that was open.
 *
 * @param[out] ret false also where there is no such path.
 */
_must_check_ snap_err snap_tracee_is_at_path(struct snap_tracee *tracee,
					     const struct snap_open_file *file,
					     bool *ret);

/**
 * What there is at a path, as the process sees it, as if it had just been opened.
 *
 * @param[out] ret Owned by the caller: snap_open_file_deinit().
 */
_must_check_ snap_err snap_tracee_describe_path(struct snap_tracee *tracee,
						const char *path,
						struct snap_open_file *ret);

/**
 * The order that the kernel gives the open files of two descriptors (kcmp(2)): below 0,
 * 0 when it is the same one, above 0.
 *
 * SNAP_ERROR_UNSUPPORTED where the kernel cannot tell.
 */
_must_check_ snap_err snap_tracee_compare_fds(struct snap_tracee *tracee, int a, int b,
					      int *ret);

/**
 * Whether a descriptor shares its open file with our own standard input or output: a
 * debugger's log, to which the program that it has started writes, too.
 */
_must_check_ snap_err snap_tracee_is_our_fd(struct snap_tracee *tracee, int number,
					    const struct snap_open_file *file,
					    bool *ret);

/** Whether a thread uses the same table of descriptors as the leader. */
_must_check_ snap_err snap_tracee_shares_fds(struct snap_tracee *tracee, pid_t tid,
					     bool *ret);

#endif
