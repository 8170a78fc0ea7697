#ifndef SNAP_INJECT_REMAP_H
#define SNAP_INJECT_REMAP_H

#include "core/plan/plan.h"
#include "core/tracee/tracee.h"

/**
 * Check what can be checked without touching the process: that the files to be mapped
 * again are the same that were mapped.
 */
_must_check_ snap_err snap_remap_validate(struct snap_tracee *tracee,
					  const struct snap_plan *plan);

#endif
