#ifndef SNAP_TRACEE_FILES_H
#define SNAP_TRACEE_FILES_H

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * Whether the file of a mapping is still there, under its path as the process sees it,
 * and is the same file. SNAP_ERROR_REFUSED says what is wrong.
 */
_must_check_ snap_err snap_tracee_check_file(struct snap_tracee *tracee,
					     const struct snap_vma *vma);

#endif
