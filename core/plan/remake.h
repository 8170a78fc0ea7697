/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_REMAKE_H
#define SNAP_PLAN_REMAKE_H

#include "core/plan/plan.h"
#include "core/plan/views.h"

/**
 * Add the steps that make a range of a mapping again where nothing is.
 *
 * Shared memory is taken from where the process still has it (`views`); anonymous
 * memory is made anew; a file is opened again, which snap_remap_validate() looks for.
 * SNAP_ERROR_REFUSED for what comes from nowhere.
 */
_must_check_ snap_err snap_plan_remake(struct snap_plan *plan,
				       const struct snap_views *views,
				       const struct snap_vma *image, uint64_t start,
				       uint64_t end);

/** Refuse what cannot be unmapped. */
_must_check_ snap_err snap_check_removal(const struct snap_vma *live);

/** Refuse what has happened to a mapping for good. */
_must_check_ snap_err snap_check_kept(const struct snap_vma *live,
				      const struct snap_vma *image);

/** SNAP_ERROR_REFUSED: "the mapping START-END of NAME `why`". */
_must_check_ snap_err snap_refuse_vma(const struct snap_vma *vma, const char *why);

#endif
