/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_NEWBORN_H
#define SNAP_TRACEE_NEWBORN_H

#include "core/tracee/tracee.h"

/**
 * @file
 * Processes that we had the traced process start, by a clone(2) with CLONE_PTRACE and
 * CLONE_UNTRACED, and that nobody else knows of: they are ours to end.
 */

/**
 * Take the first stop of such a process, which comes before its first instruction, and
 * see to it that it does not outlive us.
 *
 * @param tracee Of the process that has started it; calls are counted there.
 */
_must_check_ snap_err snap_newborn_collect(struct snap_tracee *tracee, pid_t pid);

/**
 * End it, and wait until it is gone: what is left, if anything, is for its parent. Not
 * a call of the tracer: any thread may make it. It cannot fail; 0: does nothing.
 */
void snap_newborn_end(pid_t pid);

static inline void snap_newborn_cleanup(const pid_t *pid)
{
	snap_newborn_end(*pid);
}

#define _cleanup_newborn_ _cleanup_(snap_newborn_cleanup)

#endif
