/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_WRITING_H
#define SNAP_IMAGE_WRITING_H

#include "core/base/worker.h"
#include "core/image/job.h"

/**
 * An image on its way to a file, written by a thread of ours. The file is there when it
 * is complete.
 *
 * All functions are for the thread that uses the store.
 */
struct snap_writing {
	struct snap_worker worker;
	struct snap_image_job job;
	/** Bytes of memory that there are to write; worker.done: that were. */
	uint64_t total;
};

/**
 * Begin. Memory of the snapshot may still have to come: that is waited for, there.
 *Where no thread can be had, it is done at once.
 *
 * @param overwrite Replace a file that is there; otherwise that is SNAP_ERROR_INVALID,
 *	now or in the end.
 * @param[out] ret Owned by the caller: snap_writing_destroy().
 */
_must_check_ snap_err snap_writing_create(const struct snap_snapshot *snapshot,
					  const char *path, bool overwrite,
					  struct snap_writing **ret);

/** End it, and leave nothing behind unless it was complete. Takes NULL. */
void snap_writing_destroy(struct snap_writing *writing);

/**
 * Wait for the end. SNAP_ERROR_INTERRUPTED: `progress` said so, and it goes on; or it
 * was cancelled (snap_worker_cancel()), and is over. Any other error stays, and is
 * returned each time: there is no file.
 *
 * @param progress May be NULL.
 */
_must_check_ snap_err snap_writing_wait(struct snap_writing *writing,
					const struct snap_progress *progress);

#endif
