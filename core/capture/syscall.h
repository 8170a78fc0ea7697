/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_SYSCALL_H
#define SNAP_CAPTURE_SYSCALL_H

#include "core/model/thread.h"
#include "core/tracee/tracee.h"

/**
 * Bring a thread that was interrupted in a system call into the form that needs no help
 * from the kernel: doc/interrupted-system-calls.md. Others stay as they are.
 */
_must_check_ snap_err snap_settle_syscall(struct snap_tracee *tracee,
					  struct snap_thread *thread);

#endif
