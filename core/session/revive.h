/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_REVIVE_H
#define SNAP_SESSION_REVIVE_H

#include "core/session/mapped.h"
#include "core/session/session.h"

/**
 * @file
 * An image becomes a live process again (doc/bring-an-image-to-life.md).
 */

/**
 * What stands in the way of a new process, all of it, before one is started.
 *
 * @param snapshot Its memory is waited for where threads may be in the code of another
 *	kernel: their stacks tell.
 * @param search May be NULL.
 * @param problems Grows by sentences; none: it can be tried.
 * @return An error only where that could not be found out.
 */
_must_check_ snap_err snap_session_check_revival(struct snap_snapshot *snapshot,
						 const struct snap_search *search,
						 enum snap_compat_mode fpu_mode,
						 const struct snap_progress *progress,
						 struct snap_notes *problems);

/**
 * Make a new process what a snapshot says.
 *
 * On an error it is good for nothing but to be killed.
 *
 * Memory that the snapshot has left in its image is filled from there; otherwise it is
 * settled.
 *
 * @param target A process that has executed a program and no instruction of it: the
 *	snapshot's own program where that is there, so that it has its name and its
 *	executable. No patches and no history; a runner where the snapshot has threads.
 * @param search May be NULL.
 * @param[out] ret_tids What each thread of the snapshot is called now, in its order;
 *	room for all of them.
 */
_must_check_ snap_err snap_session_revive(const struct snap_target *target,
					  const struct snap_snapshot *snapshot,
					  const struct snap_restore_options *options,
					  const struct snap_search *search,
					  pid_t *ret_tids,
					  struct snap_restore_report *ret);

/**
 * Where the program of a snapshot is, for a process to begin with.
 *
 * @param search May be NULL.
 * @param[out] ret Owned by the caller: free(). NULL: it is not there.
 */
_must_check_ snap_err snap_session_find_program(const struct snap_snapshot *snapshot,
						const struct snap_search *search,
						char **ret);

#endif
