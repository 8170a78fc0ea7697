/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_KERNELS_H
#define SNAP_PLAN_KERNELS_H

#include "core/model/snapshot.h"

/**
 * @file
 * What the kernel maps into every process: the vdso and its data. A new process has
 * them elsewhere than an image, where they are moved to; they are of the kernel that
 * runs, whose code may be another than the image's.
 */

/** A mapping of the kernel's that a process can move: not [vsyscall]. */
bool snap_vma_can_move(const struct snap_vma *vma);

/** The mapping of the same name, or NULL. */
const struct snap_vma *snap_find_kernel_mapping(const struct snap_vmas *vmas,
						const struct snap_vma *like);

/**
 * Whether the kernel's mappings of an image can be those of a process: as many, as
 * large, and the same code.
 */
bool snap_has_kernels_of(const struct snap_snapshot *image,
			 const struct snap_vmas *live);

/** The kernel is another one, and nothing can be done about it: SNAP_ERROR_REFUSED. */
_must_check_ snap_err snap_refuse_kernel(const struct snap_snapshot *image);

#endif
