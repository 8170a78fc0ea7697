// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/revival_empty.h"

#include <stdlib.h>
#include <string.h>

#include "core/plan/gap.h"
#include "core/plan/revival_shared.h"

static snap_err append_copy(struct snap_vmas *vmas, struct snap_vma vma)
{
	vma.name = strdup(vma.name);
	return vma.name ? snap_vmas_append(vmas, &vma) : &snap_enomem;
}

/** What the kernel has mapped, which is compared elsewhere. */
static snap_err copy_kernels(const struct snap_vmas *image, struct snap_vmas *ret)
{
	for (size_t i = 0; i < image->nr; i++)
		if (snap_vma_is_kernels(&image->list[i]))
			SNAP_TRY(append_copy(ret, image->list[i]));
	return SNAP_OK;
}

/** The mappings that its shared memory is mapped from, somewhere. */
static snap_err add_shared(const struct snap_snapshot *image, struct snap_vmas *ret)
{
	_cleanup_shared_memories_ struct snap_shared_memories shared = { 0 };
	uint64_t place;
	SNAP_TRY(snap_find_shared_memories(&image->vmas, &shared));
	if (!shared.nr)
		return SNAP_OK;
	SNAP_TRY(snap_find_gap(&image->vmas, ret, image->page_size,
			       snap_shared_memories_size(&shared), &place));
	for (size_t i = 0; i < shared.nr; i++) {
		struct snap_vma vma = *shared.list[i].view;
		vma.start = place;
		vma.end = place += shared.list[i].size;
		vma.prot = SNAP_VMA_READ | SNAP_VMA_WRITE | SNAP_VMA_SHARED;
		vma.flags = SNAP_VMA_MAY_WRITE | SNAP_VMA_REWOUND;
		vma.offset = 0;
		SNAP_TRY(append_copy(ret, vma));
	}
	return SNAP_OK;
}

snap_err snap_make_empty(const struct snap_snapshot *image, bool has_kernels,
			 struct snap_snapshot **ret)
{
	_cleanup_snapshot_ struct snap_snapshot *empty = NULL;
	SNAP_TRY(snap_snapshot_create(&empty));
	empty->arch = image->arch;
	empty->page_size = image->page_size;
	empty->identity.pid = image->identity.pid;
	empty->files.is_captured = true;
	empty->state.is_new = true;
	empty->threads = calloc(image->nr_threads, sizeof(*empty->threads));
	if (!empty->threads)
		return &snap_enomem;
	empty->nr_threads = image->nr_threads;
	for (size_t i = 0; i < image->nr_threads; i++)
		empty->threads[i].tid = image->threads[i].tid;
	if (has_kernels)
		SNAP_TRY(copy_kernels(&image->vmas, &empty->vmas));
	SNAP_TRY(add_shared(image, &empty->vmas));
	*ret = snap_take(empty);
	return SNAP_OK;
}
