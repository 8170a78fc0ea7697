/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_CONTAIN_H
#define SNAP_SESSION_CONTAIN_H

#include "core/base/progress.h"
#include "core/model/snapshot.h"

/**
 * The memory of a snapshot with all that its mappings show of files: an image of it can
 * be brought to life where these files are not.
 *
 * They are read where they were mapped from. What lies behind the end of a file, where
 * a process finds nothing, is zero. SNAP_ERROR_REFUSED names all files that are not
 * those of the snapshot.
 *
 * @param snapshot Its memory is settled.
 * @param progress May be NULL.
 * @param ret Holds nothing; snap_memory_deinit(). On an error it may hold something.
 */
_must_check_ snap_err snap_session_contain(const struct snap_snapshot *snapshot,
					   const struct snap_progress *progress,
					   struct snap_memory *ret);

#endif
