/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_GAP_H
#define SNAP_PLAN_GAP_H

#include "core/model/vma.h"

/**
 * A range of addresses that neither of two lists of mappings uses, away from where they
 * grow: in the middle of the largest gap between any two mappings.
 *
 * @param page_size Of the kernel.
 * @param size Whole pages.
 * @return SNAP_ERROR_REFUSED when the address space is full.
 */
_must_check_ snap_err snap_find_gap(const struct snap_vmas *a,
				    const struct snap_vmas *b, uint64_t page_size,
				    uint64_t size, uint64_t *ret);

#endif
