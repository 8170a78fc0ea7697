/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_FOREIGN_FOREIGN_H
#define SNAP_FOREIGN_FOREIGN_H

#include "core/base/progress.h"
#include "core/model/snapshot.h"

/**
 * @file
 * Images of other programs, to be looked at and checked; of a core file a process can
 * be made (adopt.h). What they do not have is empty, 0 or absent; the omissions say so.
 *
 * Nothing is trusted: whatever the bytes, the answer is a snapshot or an error.
 */

/**
 * Read an image of any kind: ours, a core file, a directory of CRIU.
 *
 * @param progress May be NULL.
 */
_must_check_ snap_err snap_foreign_read(const char *path,
					const struct snap_progress *progress,
					struct snap_snapshot **ret);

/** A core file of the kernel or of gcore: threads, mappings, memory. */
_must_check_ snap_err snap_foreign_read_core(const char *path,
					     const struct snap_progress *progress,
					     struct snap_snapshot **ret);

/** A directory with CRIU's images: threads of all its processes, no memory. */
_must_check_ snap_err snap_foreign_read_criu(const char *path,
					     struct snap_snapshot **ret);

/** A snapshot that does not say when and as what it was taken. */
_must_check_ snap_err snap_foreign_create(struct snap_snapshot **ret);

/** The page size, from the auxiliary vector if it has one that a kernel may have. */
void snap_foreign_find_page_size(struct snap_snapshot *snapshot);

/** Append a thread that is all zeros. */
_must_check_ snap_err snap_foreign_add_thread(struct snap_snapshot *snapshot,
					      struct snap_thread **ret);

#endif
