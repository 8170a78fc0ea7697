/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_SURROUNDINGS_H
#define SNAP_SESSION_SURROUNDINGS_H

#include "core/plan/revival.h"
#include "core/session/mapped.h"
#include "core/tracee/tracee.h"

/** What there is for an image in the outside world, with what it takes to say so. */
struct snap_known_surroundings {
	struct snap_surroundings surroundings;
	bool *is_there;
	struct snap_mapped_files mapped;
	struct snap_open_file null;
	/** Of the process that looks. Its bytes are owned. */
	struct snap_vdso vdso;
};

void snap_known_surroundings_deinit(struct snap_known_surroundings *known);
#define _cleanup_surroundings_ _cleanup_(snap_known_surroundings_deinit)

/**
 * @param tracee The process that looks: its root folder counts.
 * @param search May be NULL.
 */
_must_check_ snap_err snap_look_around(struct snap_tracee *tracee,
				       const struct snap_snapshot *image,
				       const struct snap_search *search,
				       struct snap_known_surroundings *ret);

#endif
