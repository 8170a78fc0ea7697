/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_DUPLICATE_H
#define SNAP_TRACEE_DUPLICATE_H

#include "core/model/files.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * Changes to an open file of the process that need no system call of its own: through a
 * duplicate of its descriptor, which shares the open file (pidfd_getfd(2), Linux 5.6).
 *
 * Not for sockets: taking one makes it count for our control group (net/core/scm.c,
 * __receive_sock()).
 *
 * SNAP_ERROR_UNSUPPORTED, with nothing changed, where the kernel or a security module
 * gives no duplicates.
 */

_must_check_ snap_err snap_tracee_set_pos(struct snap_tracee *tracee, int number,
					  uint64_t pos);

/** F_SETFL. Not O_ASYNC: signals would name our descriptor. */
_must_check_ snap_err snap_tracee_set_flags(struct snap_tracee *tracee, int number,
					    uint32_t flags);

/** eventfd(2). @param is The value it has. */
_must_check_ snap_err snap_tracee_set_eventfd(struct snap_tracee *tracee, int number,
					      uint64_t is, uint64_t wanted);

/** Arm or disarm a timerfd(2): settings, remaining, interval and count of `wanted`. */
_must_check_ snap_err snap_tracee_set_timerfd(struct snap_tracee *tracee, int number,
					      const struct snap_open_file *wanted);

#endif
