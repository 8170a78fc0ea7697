/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_SHARING_H
#define SNAP_TRACEE_SHARING_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * Whether two processes live in the same memory, as after vfork(2) or clone(2) with
 * CLONE_VM: kcmp(2). False also where the kernel cannot be asked (it has no kcmp, one
 * process is gone or another user's).
 */
bool snap_processes_share_memory(pid_t a, pid_t b);

#endif
