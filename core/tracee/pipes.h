/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_PIPES_H
#define SNAP_TRACEE_PIPES_H

#include "core/model/files.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * What is in a pipe. We open the pipe a second time, under /proc/PID/fd: an open file
 * of our own, which does not block, and whose flags are nobody else's.
 *
 * Not for a FIFO of which one end is elsewhere: a process that waits for somebody to
 * open it would take us for him.
 */

/** Fill capacity and contents; has_contents stays 0 where it may not be opened. */
_must_check_ snap_err snap_tracee_read_pipe(struct snap_tracee *tracee, int number,
					    struct snap_open_file *file);

/**
 * Replace what is in a pipe, and its capacity.
 *
 * @param wanted Has contents.
 * @param has_packets What is written is to be read in the same pieces (O_DIRECT).
 */
_must_check_ snap_err snap_tracee_write_pipe(struct snap_tracee *tracee, int number,
					     const struct snap_open_file *wanted,
					     bool has_packets);

#endif
