/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_FREEZE_H
#define SNAP_CAPTURE_FREEZE_H

#include "core/capture/copy.h"
#include "core/model/snapshot.h"

/** When memory is copied from. */
enum snap_copying {
	/** While the process is stopped. */
	SNAP_COPY_AT_ONCE,
	/** From a twin, while the process runs on, where that is sooner done and the
	 * process can have a twin. */
	SNAP_COPY_AS_FITS,
	/** From a twin, however little it is. */
	SNAP_COPY_LATER,
};

/**
 * Make a twin to copy the memory from, or say in the snapshot why there is none.
 *
 * @param snapshot From snap_capture_process().
 * @param bytes How much there is to copy; UINT64_MAX: all that is the process's own.
 * @param[out] ret snap_copy_unref(); NULL: copy at once.
 */
_must_check_ snap_err snap_freeze(struct snap_tracee *tracee, enum snap_copying how,
				  uint64_t bytes, struct snap_snapshot *snapshot,
				  struct snap_copy **ret);

#endif
