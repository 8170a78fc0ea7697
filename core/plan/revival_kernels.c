// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "core/plan/kernels.h"
#include "core/plan/revival.h"

/**
 * @file
 * Under another kernel a process keeps what that has mapped into it. The image's vdso
 * is memory of its own, at its old place, from where its functions lead to the present
 * one.
 */

static const struct snap_vma like_vdso = { .name = (char *)"[vdso]" };

/** Its bytes as the image holds them. @param[out] ret Owned: free() its bytes. */
static snap_err read_vdso(const struct snap_snapshot *image, struct snap_vdso *ret)
{
	const struct snap_vma *vma = snap_find_kernel_mapping(&image->vmas, &like_vdso);
	if (!snap_is_whole(image, vma))
		return snap_refuse_kernel(image);
	uint8_t *bytes = malloc(snap_vma_size(vma));
	if (!bytes)
		return &snap_enomem;
	for (uint64_t at = vma->start, run; at < vma->end; at += run) {
		const uint8_t *held = snap_memory_at(&image->memory, at, &run);
		if (run > vma->end - at)
			run = vma->end - at;
		memcpy(bytes + (at - vma->start), held, run);
	}
	*ret = (struct snap_vdso){
		.start = vma->start,
		.size = snap_vma_size(vma),
		.bytes = bytes,
	};
	return SNAP_OK;
}

static void deinit(const struct snap_vdso *vdso)
{
	free((void *)vdso->bytes);
}

static bool has_vdso(const struct snap_snapshot *image)
{
	return snap_find_kernel_mapping(&image->vmas, &like_vdso);
}

/** The memory of the image with other bytes in its vdso. */
static snap_err revive_memory(const struct snap_snapshot *image,
			      const struct snap_vdso *present,
			      struct snap_revived *revived)
{
	_cleanup_(deinit) struct snap_vdso vdso = { 0 };
	SNAP_TRY(read_vdso(image, &vdso));
	_cleanup_free_ uint8_t *bytes = malloc(vdso.size);
	if (!bytes)
		return &snap_enomem;
	SNAP_TRY(snap_vdso_redirect(image->arch, &vdso, present, bytes));
	const struct snap_vma *last = &image->vmas.list[image->vmas.nr - 1];
	SNAP_TRY(snap_memory_share(&revived->memory, &image->memory, 0, last->end));
	SNAP_TRY(snap_memory_write(&revived->memory, vdso.start, bytes, vdso.size));
	revived->snapshot.memory = revived->memory;
	return SNAP_OK;
}

static int compare(const void *a, const void *b)
{
	const struct snap_vma *left = a, *right = b;
	return (left->start > right->start) - (left->start < right->start);
}

snap_err snap_revive_kernels(const struct snap_snapshot *image,
			     const struct snap_snapshot *live,
			     const struct snap_surroundings *surroundings,
			     struct snap_notes *notes, struct snap_revived *revived)
{
	struct snap_vmas *vmas = &revived->snapshot.vmas;
	if (!surroundings->vdso)
		return SNAP_OK;
	for (size_t i = 0; i < live->vmas.nr; i++)
		if (snap_vma_is_kernels(&live->vmas.list[i]))
			vmas->list[vmas->nr++] = live->vmas.list[i];
	qsort(vmas->list, vmas->nr, sizeof(*vmas->list), compare);
	if (!has_vdso(image))
		return SNAP_OK;
	if (!image->arch->vdso)
		return snap_refuse_kernel(image);
	SNAP_TRY(revive_memory(image, surroundings->vdso, revived));
	return snap_notes_add(
		notes,
		"The kernel is another one than that of the snapshot "
		"(%s): code of that one which the program calls (the vdso) "
		"leads to the present one's.",
		*image->kernel ? image->kernel : "which is not known");
}

snap_err snap_check_old_vdso(const struct snap_snapshot *image,
			     const struct snap_thread *thread, uint64_t address)
{
	const struct snap_vma *vma = snap_find_kernel_mapping(&image->vmas, &like_vdso);
	if (!image->arch->vdso || !vma || address < vma->start || address >= vma->end)
		return SNAP_OK;
	_cleanup_(deinit) struct snap_vdso vdso = { 0 };
	SNAP_TRY(read_vdso(image, &vdso));
	bool may_continue;
	SNAP_TRY(snap_vdso_may_continue(image->arch, &vdso, address, &may_continue));
	if (may_continue)
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(
			SNAP_ERROR_REFUSED,
			"thread %d (%s) is in the middle of code of its kernel "
			"(the vdso), and this kernel has other code",
			(int)thread->tid, thread->comm),
		"save it where it has left that ('finish'), or restore under the "
		"kernel that the snapshot was taken under");
}
