// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/revival_shared.h"

#include <stdlib.h>

#include "core/model/ranges.h"
#include "core/plan/views.h"

void snap_shared_memories_deinit(struct snap_shared_memories *memories)
{
	free(memories->list);
	*memories = (struct snap_shared_memories){ 0 };
}

static bool is_same_memory(const struct snap_vma *a, const struct snap_vma *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major &&
	       a->dev_minor == b->dev_minor;
}

/** Up to where a mapping shows its memory; one that nothing can be has no end. */
static uint64_t end_of(const struct snap_vma *vma)
{
	uint64_t end;
	return __builtin_add_overflow(vma->offset, snap_vma_size(vma), &end)
		       ? UINT64_MAX
		       : end;
}

/** Whether the image has what some mappings of the same memory show. */
static snap_err check_held(const struct snap_vma *const *views, size_t nr, bool *ret)
{
	_cleanup_ranges_ struct snap_ranges held = { 0 };
	for (size_t i = 0; i < nr; i++)
		if (views[i]->flags & SNAP_VMA_REWOUND)
			SNAP_TRY(snap_ranges_append(&held, views[i]->offset,
						    end_of(views[i])));
	*ret = true;
	for (size_t i = 0; i < nr; i++)
		*ret = *ret && end_of(views[i]) != UINT64_MAX &&
		       snap_ranges_cover(&held, views[i]->offset, end_of(views[i]));
	return SNAP_OK;
}

static struct snap_shared_memory describe(const struct snap_vma *const *views,
					  size_t nr)
{
	struct snap_shared_memory memory = {
		.view = *views,
		.is_unreserved = true,
	};
	for (size_t i = 0; i < nr; i++) {
		if (end_of(views[i]) > memory.size)
			memory.size = end_of(views[i]);
		memory.is_unreserved &= !!(views[i]->flags & SNAP_VMA_NORESERVE);
	}
	return memory;
}

snap_err snap_find_shared_memories(const struct snap_vmas *image,
				   struct snap_shared_memories *ret)
{
	_cleanup_views_ struct snap_views views = { 0 };
	SNAP_TRY(snap_views_init(&views, image));
	ret->list = calloc(views.nr + 1, sizeof(*ret->list));
	if (!ret->list)
		return &snap_enomem;
	for (size_t i = 0, end; i < views.nr; i = end) {
		const struct snap_vma *const *first = &views.list[i];
		bool is_held;
		for (end = i + 1; end < views.nr; end++)
			if (!is_same_memory(*first, views.list[end]))
				break;
		if (!snap_vma_is_shared_anonymous(*first))
			continue;
		SNAP_TRY(check_held(first, end - i, &is_held));
		if (is_held)
			ret->list[ret->nr++] = describe(first, end - i);
	}
	return SNAP_OK;
}

uint64_t snap_shared_memories_size(const struct snap_shared_memories *memories)
{
	uint64_t size = 0;
	for (size_t i = 0; i < memories->nr; i++)
		if (__builtin_add_overflow(size, memories->list[i].size, &size))
			return UINT64_MAX;
	return size;
}

const struct snap_vma *snap_shared_memory_find(
	const struct snap_shared_memories *memories, const struct snap_vma *of_image,
	const struct snap_vmas *live)
{
	size_t at = 0;
	for (size_t i = 0; i < live->nr; i++) {
		if (!snap_vma_is_shared_anonymous(&live->list[i]))
			continue;
		if (at == memories->nr)
			return NULL;
		if (is_same_memory(memories->list[at++].view, of_image))
			return &live->list[i];
	}
	return NULL;
}
