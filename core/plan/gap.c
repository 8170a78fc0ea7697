// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/gap.h"

#include <inttypes.h>
#include <string.h>

#include "core/model/page.h"

/** Not in the lower half of the address space: what is before it is not a gap. */
static bool is_far_out(const struct snap_vma *vma)
{
	return !strcmp(vma->name, "[vsyscall]");
}

/** The next mapping of two lists in the order of addresses, or NULL. */
static const struct snap_vma *next(const struct snap_vmas *a, const struct snap_vmas *b,
				   size_t *at_a, size_t *at_b)
{
	if (*at_a < a->nr &&
	    (*at_b >= b->nr || a->list[*at_a].start <= b->list[*at_b].start))
		return &a->list[(*at_a)++];
	return *at_b < b->nr ? &b->list[(*at_b)++] : NULL;
}

snap_err snap_find_gap(const struct snap_vmas *a, const struct snap_vmas *b,
		       uint64_t page_size, uint64_t size, uint64_t *ret)
{
	uint64_t best = 0, best_size = 0, end = 0;
	size_t at_a = 0, at_b = 0;
	for (const struct snap_vma *vma; (vma = next(a, b, &at_a, &at_b));) {
		if (end && vma->start > end && !is_far_out(vma) &&
		    vma->start - end > best_size) {
			best = end;
			best_size = vma->start - end;
		}
		if (vma->end > end)
			end = vma->end;
	}
	if (best_size < size)
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"the address space has no free range of %" PRIu64 " bytes",
			size);
	*ret = snap_page_down(best + (best_size - size) / 2, page_size);
	return SNAP_OK;
}
