// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/views.h"

static int compare_backing(const struct snap_vma *a, const struct snap_vma *b)
{
	if (a->dev_major != b->dev_major)
		return a->dev_major < b->dev_major ? -1 : 1;
	if (a->dev_minor != b->dev_minor)
		return a->dev_minor < b->dev_minor ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

static int compare(const void *a, const void *b)
{
	const struct snap_vma *left = *(const struct snap_vma *const *)a;
	const struct snap_vma *right = *(const struct snap_vma *const *)b;
	int order = compare_backing(left, right);
	if (order)
		return order;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static bool is_view(const struct snap_vma *vma)
{
	return vma->prot & SNAP_VMA_SHARED && vma->inode && !snap_vma_is_kernels(vma);
}

snap_err snap_views_init(struct snap_views *views, const struct snap_vmas *vmas)
{
	views->list = calloc(vmas->nr + 1, sizeof(*views->list));
	if (!views->list)
		return &snap_enomem;
	for (size_t i = 0; i < vmas->nr; i++)
		if (is_view(&vmas->list[i]))
			views->list[views->nr++] = &vmas->list[i];
	qsort(views->list, views->nr, sizeof(const struct snap_vma *), compare);
	return SNAP_OK;
}

void snap_views_deinit(struct snap_views *views)
{
	free(views->list);
	*views = (struct snap_views){ 0 };
}

/** How many views come before that page of that memory, or begin with it. */
static size_t find_behind(const struct snap_views *views, const struct snap_vma *vma,
			  uint64_t offset)
{
	size_t low = 0, high = views->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_backing(views->list[middle], vma);
		if (order < 0 || (!order && views->list[middle]->offset <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct snap_vma *snap_views_find(const struct snap_views *views,
				       const struct snap_vma *vma, uint64_t address,
				       uint64_t *ret)
{
	uint64_t offset = vma->offset + (address - vma->start);
	for (size_t i = find_behind(views, vma, offset); i; i--) {
		const struct snap_vma *view = views->list[i - 1];
		if (compare_backing(view, vma))
			break;
		if (offset - view->offset >= snap_vma_size(view) ||
		    (view->flags ^ vma->flags) & SNAP_VMA_MAY_WRITE)
			continue;
		*ret = view->start + (offset - view->offset);
		return view;
	}
	return NULL;
}

bool snap_views_exist(const struct snap_views *views, const struct snap_vma *vma,
		      uint32_t *ret_flags)
{
	bool exist = false;
	*ret_flags = 0;
	for (size_t i = find_behind(views, vma, UINT64_MAX); i; i--) {
		if (compare_backing(views->list[i - 1], vma))
			break;
		*ret_flags |= views->list[i - 1]->flags;
		exist = true;
	}
	return exist;
}
