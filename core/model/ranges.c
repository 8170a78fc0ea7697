// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/ranges.h"

#include <assert.h>

void snap_ranges_deinit(struct snap_ranges *ranges)
{
	free(ranges->list);
	*ranges = (struct snap_ranges){ 0 };
}

snap_err snap_ranges_append(struct snap_ranges *ranges, uint64_t start, uint64_t end)
{
	size_t nr = ranges->nr;
	struct snap_range *last = nr ? &ranges->list[nr - 1] : NULL;
	assert(start <= end && (!last || last->start <= start));
	if (start == end)
		return SNAP_OK;
	if (last && start <= last->start + last->size) {
		if (end > last->start + last->size)
			last->size = end - last->start;
		return SNAP_OK;
	}
	if (!(nr & (nr - 1))) {
		struct snap_range *list =
			reallocarray(ranges->list, nr ? nr * 2 : 1, sizeof(*list));
		if (!list)
			return &snap_enomem;
		ranges->list = list;
	}
	ranges->list[ranges->nr++] = (struct snap_range){ start, end - start };
	return SNAP_OK;
}

snap_err snap_ranges_unite(const struct snap_ranges *a, const struct snap_ranges *b,
			   struct snap_ranges *ret)
{
	_cleanup_ranges_ struct snap_ranges united = { 0 };
	for (size_t i = 0, j = 0; i < a->nr || j < b->nr;) {
		bool is_a = j == b->nr ||
			    (i < a->nr && a->list[i].start <= b->list[j].start);
		const struct snap_range *next = is_a ? &a->list[i++] : &b->list[j++];
		SNAP_TRY(snap_ranges_append(&united, next->start,
					    next->start + next->size));
	}
	*ret = united;
	united = (struct snap_ranges){ 0 };
	return SNAP_OK;
}

const struct snap_range *snap_ranges_find_from(const struct snap_ranges *ranges,
					       uint64_t address)
{
	size_t low = 0, high = ranges->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->list[middle].start + ranges->list[middle].size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ranges->nr ? &ranges->list[low] : NULL;
}

/** @param next The first range that ends behind the address, or NULL. */
static bool is_inside(const struct snap_range *next, uint64_t address, uint64_t *end)
{
	bool is_inside = next && next->start <= address;
	if (next && !is_inside && next->start < *end)
		*end = next->start;
	if (is_inside && next->start + next->size < *end)
		*end = next->start + next->size;
	return is_inside;
}

bool snap_ranges_have(const struct snap_ranges *ranges, uint64_t address, uint64_t *end)
{
	return is_inside(snap_ranges_find_from(ranges, address), address, end);
}

bool snap_ranges_have_next(const struct snap_ranges *ranges, size_t *cursor,
			   uint64_t address, uint64_t *end)
{
	const struct snap_range *list = ranges->list;
	size_t at = *cursor;
	while (at < ranges->nr && list[at].start + list[at].size <= address)
		at++;
	*cursor = at;
	return is_inside(at < ranges->nr ? &list[at] : NULL, address, end);
}

bool snap_ranges_cover(const struct snap_ranges *ranges, uint64_t start, uint64_t end)
{
	uint64_t to = end;
	return snap_ranges_have(ranges, start, &to) && to == end;
}

snap_err snap_ranges_append_some(struct snap_ranges *ranges,
				 const struct snap_ranges *others, uint64_t start,
				 uint64_t end)
{
	const struct snap_range *next = snap_ranges_find_from(others, start);
	size_t cursor = next ? (size_t)(next - others->list) : others->nr;
	for (uint64_t to; start < end; start = to) {
		to = end;
		if (snap_ranges_have_next(others, &cursor, start, &to))
			SNAP_TRY(snap_ranges_append(ranges, start, to));
	}
	return SNAP_OK;
}
