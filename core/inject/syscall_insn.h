/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_SYSCALL_INSN_H
#define SNAP_INJECT_SYSCALL_INSN_H

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * The address of a system call instruction in the process: in its vdso, or else in any
 * code it has mapped. Nothing is written.
 */
_must_check_ snap_err snap_find_syscall_insn(struct snap_tracee *tracee,
					     const struct snap_vmas *vmas,
					     uint64_t *ret);

#endif
