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

/** Whether it has the same build-id, where it had one: it may have been overwritten. */
_must_check_ snap_err snap_tracee_check_build(struct snap_tracee *tracee,
					      const struct snap_vma *vma);

/**
 * A descriptor of the process that has the file of a mapping open, so that it can be
 * mapped again whatever has become of its path.
 *
 * @param writes It has to be open for writing, too.
 * @param[out] ret -1: there is none.
 */
_must_check_ snap_err snap_tracee_find_fd(struct snap_tracee *tracee,
					  const struct snap_vma *vma, bool writes,
					  int *ret);

#endif
