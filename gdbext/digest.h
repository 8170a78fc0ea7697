/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_GDBEXT_DIGEST_H
#define SNAP_GDBEXT_DIGEST_H

#include "core/base/buffer.h"
#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * Evidence for digest(): bytes that differ when something of a family does.
 */

/** Make neighbours one that agree in everything. */
void snap_digest_join(struct snap_vmas *vmas);

/**
 * Where what is mapped, and what else the kernel tells of it: flags and keys. Joined
 * as by snap_digest_join().
 */
_must_check_ snap_err snap_digest_mappings(struct snap_tracee *tracee,
					   struct snap_buffer *mappings,
					   struct snap_buffer *flags);

/** What waits in the queues of signals; /proc/PID/status tells of the rest. */
_must_check_ snap_err snap_digest_signals(struct snap_tracee *tracee,
					  struct snap_buffer *ret);

/** Which timers there are. */
_must_check_ snap_err snap_digest_timers(struct snap_tracee *tracee,
					 struct snap_buffer *ret);

/**
 * Folder, mask, limits, names, priorities and privileges as /proc tells them: the text
 * that a digest is made of. What a capture asks the kernel for is not used.
 */
_must_check_ snap_err snap_digest_process(struct snap_tracee *tracee,
					  struct snap_buffer *ret);
_must_check_ snap_err snap_digest_thread(struct snap_tracee *tracee, pid_t tid,
					 struct snap_buffer *ret);

/** Which threads there are, since when, their names and what they have registered. */
_must_check_ snap_err snap_digest_threads(struct snap_tracee *tracee,
					  struct snap_buffer *ret);

/**
 * The descriptors as text: for each its link, all of its fdinfo but for the time that
 * is left of a timer, and the lowest one that shares its open file; and how much is in
 * a pipe.
 */
_must_check_ snap_err snap_digest_files(struct snap_tracee *tracee,
					struct snap_buffer *ret);

#endif
