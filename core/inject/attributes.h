/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_ATTRIBUTES_H
#define SNAP_INJECT_ATTRIBUTES_H

#include "core/plan/plan.h"
#include "core/tracee/tracee.h"

/**
 * Whether the folder that the process shall be in can be entered, and the one that it
 * is in, too: SNAP_ERROR_REFUSED, before anything is touched.
 */
_must_check_ snap_err snap_folder_validate(struct snap_tracee *tracee,
					   const struct snap_plan *plan);

#endif
