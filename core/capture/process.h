/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_PROCESS_H
#define SNAP_CAPTURE_PROCESS_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Read all of a stopped process but the contents of its memory: identity, mappings, and
 * every thread with all its registers in raw form, as the kernel shows them.
 *
 * What only the process can tell (altstack, TID address, brk) is asked by injected
 * system calls that leave no trace. Where it must not make any (seccomp), that is an
 * omission.
 *
 * Refuses, before anything is touched, a process with a thread that is running, of
 * another mode (32-bit), or where it cannot be captured.
 *
 * @param current_tid 0: the thread group leader.
 * @param snapshot From snap_snapshot_create(). Half filled on failure.
 */
_must_check_ snap_err snap_capture_process(struct snap_tracee *tracee,
					   pid_t current_tid,
					   struct snap_snapshot *snapshot);

#endif
