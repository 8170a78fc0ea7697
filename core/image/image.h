/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_IMAGE_H
#define SNAP_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/progress.h"
#include "core/model/snapshot.h"

/**
 * @file
 * Images: snapshots as ELF core files (doc/image-format.md).
 */

/**
 * Write a snapshot to a file, created with mode 0600 under a temporary name in the
 * same folder and renamed when it is complete: a failure leaves nothing behind.
 *
 * @param progress May be NULL.
 * @param overwrite Replace a file that is there; otherwise that is SNAP_ERROR_INVALID.
 */
_must_check_ snap_err snap_image_write(const struct snap_snapshot *snapshot,
				       const char *path, bool overwrite,
				       const struct snap_progress *progress);

/**
 * Read an image that snap_image_write() wrote. Trusts nothing in it: whatever the
 * bytes, the answer is a snapshot or an error.
 *
 * @param store Where the memory goes; NULL: into a store of its own.
 * @param[out] ret Owned by the caller: snap_snapshot_destroy().
 */
_must_check_ snap_err snap_image_read_into(const char *path, struct snap_store *store,
					   const struct snap_progress *progress,
					   struct snap_snapshot **ret);

/**
 * The same, but large pieces of the process's own memory are left in the file: they are
 * on their way until snap_memory_settle() reads them, and only then compared with their
 * digests. The file is kept open until then.
 */
_must_check_ snap_err snap_image_open(const char *path, struct snap_store *store,
				      const struct snap_progress *progress,
				      struct snap_snapshot **ret);

static inline snap_err snap_image_read(const char *path,
				       const struct snap_progress *progress,
				       struct snap_snapshot **ret)
{
	return snap_image_read_into(path, NULL, progress, ret);
}

#endif
