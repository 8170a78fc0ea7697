// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/wanted.h"

#include <string.h>

/** The first of the skips that ends behind an address; they are sorted. */
static size_t find_skip(const struct snap_rewinder *rewinder, uint64_t address)
{
	size_t low = 0, high = rewinder->nr_skips;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct snap_range *skip = &rewinder->skips[middle];
		if (skip->start + skip->size <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const uint8_t *snap_wanted_bytes(const struct snap_rewinder *rewinder, uint64_t start,
				 size_t size, const uint8_t *image, const uint8_t *live,
				 uint8_t *space)
{
	uint64_t end = start + size;
	size_t i = find_skip(rewinder, start), nr = rewinder->nr_skips;
	if (image && (i == nr || rewinder->skips[i].start >= end))
		return image;
	if (image)
		memcpy(space, image, size);
	else
		memset(space, 0, size);
	for (; i < nr && rewinder->skips[i].start < end; i++) {
		const struct snap_range *skip = &rewinder->skips[i];
		uint64_t from = skip->start > start ? skip->start : start;
		uint64_t to = skip->start + skip->size;
		memcpy(space + (from - start), live + (from - start),
		       (to < end ? to : end) - from);
	}
	return space;
}
