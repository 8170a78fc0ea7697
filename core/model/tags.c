// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tags.h"

#include <string.h>

void snap_tags_deinit(struct snap_tags *tags)
{
	for (size_t i = 0; i < tags->nr; i++)
		free(tags->list[i].bytes);
	free(tags->list);
	*tags = (struct snap_tags){ 0 };
}

static snap_err append_run(struct snap_tags *tags, uint64_t start)
{
	struct snap_tag_run *list =
		reallocarray(tags->list, tags->nr + 1, sizeof(*list));
	if (!list)
		return &snap_enomem;
	tags->list = list;
	tags->list[tags->nr++] = (struct snap_tag_run){ start, start, NULL };
	return SNAP_OK;
}

snap_err snap_tags_append(struct snap_tags *tags, uint32_t granule, uint64_t start,
			  uint64_t size, uint8_t **ret)
{
	if (!tags->nr || tags->list[tags->nr - 1].end != start)
		SNAP_TRY(append_run(tags, start));
	struct snap_tag_run *last = &tags->list[tags->nr - 1];
	size_t before = snap_tags_size(granule, last->end - last->start);
	uint8_t *bytes = realloc(last->bytes, before + snap_tags_size(granule, size));
	if (!bytes) {
		tags->nr -= !before;
		return &snap_enomem;
	}
	tags->granule = granule;
	last->bytes = bytes;
	last->end += size;
	*ret = bytes + before;
	return SNAP_OK;
}

/** The first run that ends behind an address: its index, or the number of runs. */
static size_t find_from(const struct snap_tags *tags, uint64_t address)
{
	size_t low = 0, high = tags->nr;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tags->list[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t snap_tags_next(const struct snap_tags *tags, uint64_t address)
{
	size_t i = find_from(tags, address);
	if (i == tags->nr)
		return UINT64_MAX;
	return tags->list[i].start > address ? tags->list[i].start : address;
}

void snap_tags_get(const struct snap_tags *tags, uint32_t granule, uint64_t start,
		   uint64_t size, uint8_t *ret)
{
	uint64_t end = start + size;
	memset(ret, 0, size / granule);
	for (size_t i = find_from(tags, start); i < tags->nr; i++) {
		const struct snap_tag_run *run = &tags->list[i];
		uint64_t from = run->start > start ? run->start : start;
		uint64_t to = run->end < end ? run->end : end;
		for (uint64_t at = from; at < to; at += granule) {
			uint64_t number = (at - run->start) / granule;
			ret[(at - start) / granule] =
				run->bytes[number / 2] >> number % 2 * 4 & 0xf;
		}
		if (run->end >= end)
			return;
	}
}

void snap_tags_pack(const uint8_t *tags, size_t nr, uint8_t *ret)
{
	for (size_t i = 0; i < nr; i += 2)
		ret[i / 2] = (uint8_t)((tags[i] & 0xf) | tags[i + 1] << 4);
}
