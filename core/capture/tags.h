/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_TAGS_H
#define SNAP_CAPTURE_TAGS_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Read the tags of memory, of the mappings whose bytes are saved: after
 * snap_capture_sharing(), which decides that.
 */
_must_check_ snap_err snap_capture_tags(struct snap_tracee *tracee,
					struct snap_snapshot *snapshot);

#endif
