/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_SHARED_MEMORY_H
#define SNAP_TRACEE_SHARED_MEMORY_H

#include <stdbool.h>

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * Whether what is mapped lives in memory and in no file on a disk: anonymous shared
 * memory, memfd_create(2), SysV segments, files of a tmpfs such as /dev/shm.
 */
_must_check_ snap_err snap_tracee_is_in_memory(struct snap_tracee *tracee,
					       const struct snap_vma *vma, bool *ret);

/**
 * Find out which shared mappings other processes have mapped as well: their maps are
 * read, as far as we may.
 *
 * @param[out] ret For each mapping of the list; those that are not shared anonymous
 *	memory stay untouched. Nothing is read when there is none.
 */
_must_check_ snap_err snap_tracee_find_sharers(struct snap_tracee *tracee,
					       const struct snap_vmas *vmas, bool *ret);

#endif
