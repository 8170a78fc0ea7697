// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/kernels.h"

#include <string.h>

bool snap_vma_can_move(const struct snap_vma *vma)
{
	return snap_vma_is_kernels(vma) && strcmp(vma->name, "[vsyscall]") != 0 &&
	       strcmp(vma->name, "[uprobes]") != 0;
}

const struct snap_vma *snap_find_kernel_mapping(const struct snap_vmas *vmas,
						const struct snap_vma *like)
{
	for (size_t i = 0; i < vmas->nr; i++)
		if (!strcmp(vmas->list[i].name, like->name))
			return &vmas->list[i];
	return NULL;
}

static bool is_same(const struct snap_vma *a, const struct snap_vma *b)
{
	return snap_vma_size(a) == snap_vma_size(b) &&
	       a->build_id_size == b->build_id_size &&
	       !memcmp(a->build_id, b->build_id, a->build_id_size);
}

/** Whether all of one list are in the other. */
static bool are_in(const struct snap_vmas *vmas, const struct snap_vmas *others)
{
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		const struct snap_vma *other =
			snap_vma_can_move(vma) ? snap_find_kernel_mapping(others, vma)
					       : vma;
		if (!other || !is_same(vma, other))
			return false;
	}
	return true;
}

bool snap_has_kernels_of(const struct snap_snapshot *image,
			 const struct snap_vmas *live)
{
	return are_in(&image->vmas, live) && are_in(live, &image->vmas);
}

snap_err snap_refuse_kernel(const struct snap_snapshot *image)
{
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_REFUSED,
			"the vdso, which the kernel maps into every process, is another "
			"one than that of the snapshot (%s)",
			image->kernel),
		"restore under the kernel that the snapshot was taken under");
}
