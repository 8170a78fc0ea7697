/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_GUARDS_H
#define SNAP_TRACEE_GUARDS_H

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * Whether this kernel tells in smaps which mappings may have guards, "gu" among the
 * flags. It is tried with a mapping of our own.
 */
_must_check_ snap_err snap_kernel_tells_guards(bool *ret);

/**
 * Give the guards of a process (MADV_GUARD_INSTALL, Linux 6.13) rows of their own in
 * the list of its mappings, marked SNAP_VMA_GUARD.
 */
_must_check_ snap_err snap_tracee_split_guards(struct snap_tracee *tracee,
					       struct snap_vmas *vmas);

#endif
