/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_TAGS_H
#define SNAP_INJECT_TAGS_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Make the tags of memory what a snapshot says. Its mappings, and their bytes, are
 * there already: a page that is given back to the kernel and touched again has none.
 */
_must_check_ snap_err snap_rewind_tags(struct snap_tracee *tracee,
				       const struct snap_snapshot *wanted);

#endif
