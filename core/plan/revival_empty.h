/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_REVIVAL_EMPTY_H
#define SNAP_PLAN_REVIVAL_EMPTY_H

#include "core/model/snapshot.h"

/**
 * A new process before it is given what an image has, for a plan without a process: its
 * threads, what its shared memory is mapped from, and nothing else.
 *
 * @param has_kernels Whether it has the kernel's mappings, where the image has them.
 * @return SNAP_ERROR_REFUSED when the address space is full.
 */
_must_check_ snap_err snap_make_empty(const struct snap_snapshot *image,
				      bool has_kernels, struct snap_snapshot **ret);

#endif
