// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/vma.h"

#include <string.h>

/** What /proc/PID/maps calls memory shared by MAP_SHARED | MAP_ANONYMOUS. */
static const char shared_anonymous[] = "/dev/zero (deleted)";

void snap_vmas_deinit(struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++)
		free(vmas->list[i].name);
	free(vmas->list);
	*vmas = (struct snap_vmas){ 0 };
}

snap_err snap_vmas_append(struct snap_vmas *vmas, const struct snap_vma *vma)
{
	// Grows at powers of two: programs with 65,530 mappings exist.
	if (!(vmas->nr & (vmas->nr - 1))) {
		size_t capacity = vmas->nr ? vmas->nr * 2 : 1;
		struct snap_vma *list =
			reallocarray(vmas->list, capacity, sizeof(*list));
		if (!list) {
			free(vma->name);
			return &snap_enomem;
		}
		vmas->list = list;
	}
	vmas->list[vmas->nr++] = *vma;
	return SNAP_OK;
}

const struct snap_vma *snap_vmas_find_from(const struct snap_vmas *vmas,
					   uint64_t address)
{
	size_t low = 0, high = vmas->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (vmas->list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < vmas->nr ? &vmas->list[low] : NULL;
}

const struct snap_vma *snap_vmas_find(const struct snap_vmas *vmas, uint64_t address)
{
	const struct snap_vma *vma = snap_vmas_find_from(vmas, address);
	return vma && vma->start <= address ? vma : NULL;
}

bool snap_vma_is_kernels(const struct snap_vma *vma)
{
	static const char *const names[] = { "[vdso]", "[vvar]", "[vvar_vclock]",
					     "[vsyscall]", "[uprobes]" };
	// Asked of each mapping many times: few have such a name.
	for (size_t i = 0; *vma->name == '[' && i < SNAP_ARRAY_SIZE(names); i++)
		if (!strcmp(vma->name, names[i]))
			return true;
	return false;
}

bool snap_vma_is_file(const struct snap_vma *vma)
{
	return vma->inode && strcmp(vma->name, shared_anonymous);
}

bool snap_vma_is_shared_anonymous(const struct snap_vma *vma)
{
	return vma->prot & SNAP_VMA_SHARED && !strcmp(vma->name, shared_anonymous);
}

enum snap_vma_contents snap_vma_contents(const struct snap_vma *vma)
{
	if (snap_vma_is_kernels(vma) || vma->flags & (SNAP_VMA_DEVICE | SNAP_VMA_GUARD))
		return SNAP_CONTENTS_NONE;
	if (vma->prot & SNAP_VMA_SHARED)
		return vma->flags & SNAP_VMA_REWOUND ? SNAP_CONTENTS_SHARED
						     : SNAP_CONTENTS_NONE;
	return snap_vma_is_file(vma) ? SNAP_CONTENTS_FILE : SNAP_CONTENTS_ZERO;
}

bool snap_vma_is_same_backing(const struct snap_vma *a, const struct snap_vma *b)
{
	if ((a->prot ^ b->prot) & SNAP_VMA_SHARED || a->inode != b->inode ||
	    a->dev_major != b->dev_major || a->dev_minor != b->dev_minor ||
	    snap_vma_is_kernels(a) != snap_vma_is_kernels(b))
		return false;
	// The difference of offset and address is what fixes a file's place in memory.
	return !a->inode || a->offset - a->start == b->offset - b->start;
}

/** What a row has for its contents' sake, or because of guards. */
#define NOT_OF_THE_MAPPING (SNAP_VMA_LAZY_FREE | SNAP_VMA_GUARD)

/** The heap's name is none of its mapping. */
static bool is_same_name(const char *a, const char *b)
{
	const char *heap = "[heap]";
	return !strcmp(strcmp(a, heap) ? a : "", strcmp(b, heap) ? b : "");
}

bool snap_vmas_may_join(const struct snap_vma *before, const struct snap_vma *vma)
{
	return before->end == vma->start && before->prot == vma->prot &&
	       !((before->flags ^ vma->flags) & ~(uint32_t)NOT_OF_THE_MAPPING) &&
	       before->pkey == vma->pkey && is_same_name(before->name, vma->name);
}
