#ifndef SNAP_TRACEE_GUARDS_H
#define SNAP_TRACEE_GUARDS_H

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * Give the guards of a process (MADV_GUARD_INSTALL, Linux 6.13) rows of their own in
 * the list of its mappings, marked SNAP_VMA_GUARD.
 */
_must_check_ snap_err snap_tracee_split_guards(struct snap_tracee *tracee,
					       struct snap_vmas *vmas);

#endif
