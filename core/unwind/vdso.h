/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_VDSO_H
#define SNAP_UNWIND_VDSO_H

#include "core/model/vma.h"

/**
 * The snapshot's vdso as a file.
 *
 * Snapshots do not hold it: it is the kernel's. But when the kernel that we run on has
 * one with the same build-id, as it has until the machine is updated, that is the same
 * code with the same unwind information.
 *
 * @param vma The mapping [vdso].
 * @return A descriptor of its bytes; -1: it is not known.
 */
int snap_unwind_open_vdso(const struct snap_vma *vma);

#endif
