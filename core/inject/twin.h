/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_TWIN_H
#define SNAP_INJECT_TWIN_H

#include "core/inject/borrow.h"
#include "core/model/snapshot.h"

/**
 * @file
 * A frozen copy of a process's memory: a process that shares its pages copy-on-write
 * and never executes an instruction, so that they can be read while the original runs
 * on.
 *
 * Nobody is to notice it. It is no child that the process can wait for, and nobody gets
 * a SIGCHLD for it; it holds no descriptor open and no lock; GDB never sees an event of
 * it. It dies with us (doc/how-a-save-works.md).
 */

struct snap_twin {
	/** 0: there is none. */
	pid_t pid;
};

/**
 * Find out why a process should not get a twin, if it should not.
 *
 * @param process From snap_capture_process().
 * @param bytes What it may hold of its own when the process has changed all.
 * @param[out] ret_why A clause for the user, or NULL. Static.
 */
_must_check_ snap_err snap_twin_objection(struct snap_tracee *tracee,
					  const struct snap_snapshot *process,
					  uint64_t bytes, const char **ret_why);

/** Whether the twin has what a mapping holds, and it stays as it was. */
bool snap_twin_has(const struct snap_vma *vma);

/**
 * Make the twin of a process as it is now.
 *
 * SNAP_ERROR_OS where the kernel does not grant another process: EAGAIN, ENOMEM. The
 * caller has asked snap_twin_objection() before.
 *
 * @param worker A borrowed thread. A pointer to a restartable sequence that was put
 *	aside for it is aside in the twin, too.
 */
_must_check_ snap_err snap_twin_make(struct snap_borrowed *worker,
				     const struct snap_snapshot *process,
				     struct snap_twin *ret);

/** End it and wait until it is gone. Any thread may call this. */
void snap_twin_deinit(struct snap_twin *twin);
#define _cleanup_twin_ _cleanup_(snap_twin_deinit)

#endif
