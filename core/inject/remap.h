/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_REMAP_H
#define SNAP_INJECT_REMAP_H

#include "core/inject/restorer.h"

/**
 * Check what can be checked without touching the process: that the files to be mapped
 * again are the same that were mapped.
 */
_must_check_ snap_err snap_remap_validate(struct snap_tracee *tracee,
					  const struct snap_plan *plan);

/**
 * Before memory is filled: have the tracee's book learn from mappings without pages
 * what they will be asked for when they have them (core/tracee/vma_book.h).
 */
_must_check_ snap_err snap_remap_foresee(struct snap_restorer *restorer);

/**
 * Read the mappings again and compare them with the image, if the plan has changed any:
 * SNAP_ERROR_MISMATCH names what is not as it shall be. What is removed at the very end
 * may still be there.
 */
_must_check_ snap_err snap_remap_verify(struct snap_restorer *restorer);

#endif
