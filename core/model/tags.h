/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_TAGS_H
#define SNAP_MODEL_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * The tags of memory, where a CPU has such (struct snap_memory_tags of arch/arch.h): a
 * number for each few bytes, which every access is checked against.
 */

/** Tags that are not all 0, of whole pages. */
struct snap_tag_run {
	uint64_t start;
	/** One past the last byte of memory. */
	uint64_t end;
	/** Two tags in a byte, that of the lower address in the lower half. Owned. */
	uint8_t *bytes;
};

/** Sorted by address, not overlapping. Tags that are not held are 0. */
struct snap_tags {
	struct snap_tag_run *list;
	size_t nr;
	/** Bytes of memory for each tag; 0: nothing is held. */
	uint32_t granule;
};

void snap_tags_deinit(struct snap_tags *tags);
#define _cleanup_tags_ _cleanup_(snap_tags_deinit)

/** How many bytes the tags of so much memory take: two in a byte. */
static inline size_t snap_tags_size(uint32_t granule, uint64_t size)
{
	return (size_t)(size / granule / 2);
}

/**
 * Hold the tags of `size` more bytes of memory from `start`, which lies behind all that
 * is held.
 *
 * @param granule The same at each call.
 * @param[out] ret Where they go, two in a byte. Valid until the next call.
 */
_must_check_ snap_err snap_tags_append(struct snap_tags *tags, uint32_t granule,
				       uint64_t start, uint64_t size, uint8_t **ret);

/**
 * The tags of some memory, a byte for each.
 *
 * @param granule Of the memory; whole granules are asked for.
 */
void snap_tags_get(const struct snap_tags *tags, uint32_t granule, uint64_t start,
		   uint64_t size, uint8_t *ret);

/** The first address from this one on whose tag is held; UINT64_MAX: none follows. */
uint64_t snap_tags_next(const struct snap_tags *tags, uint64_t address);

/** Two tags in a byte, out of one in each. */
void snap_tags_pack(const uint8_t *tags, size_t nr, uint8_t *ret);

#endif
