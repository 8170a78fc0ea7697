/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_RANGES_H
#define SNAP_MODEL_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** Some bytes of a process's memory. */
struct snap_range {
	uint64_t start;
	uint64_t size;
};

/** Ranges, sorted, which neither touch nor overlap. Zero-initialise. */
struct snap_ranges {
	struct snap_range *list;
	size_t nr;
};

void snap_ranges_deinit(struct snap_ranges *ranges);
#define _cleanup_ranges_ _cleanup_(snap_ranges_deinit)

/** Add a range that begins at or behind the start of the last one; it may overlap. */
_must_check_ snap_err snap_ranges_append(struct snap_ranges *ranges, uint64_t start,
					 uint64_t end);

/** All that is in one of two. @param ret Empty. */
_must_check_ snap_err snap_ranges_unite(const struct snap_ranges *a,
					const struct snap_ranges *b,
					struct snap_ranges *ret);

/** The first range that ends behind an address, or NULL. */
const struct snap_range *snap_ranges_find_from(const struct snap_ranges *ranges,
					       uint64_t address);

/**
 * Whether an address lies in one of them.
 *
 * @param[in,out] end Behind the address; moved to where the answer is another one, if
 *	that comes first.
 */
bool snap_ranges_have(const struct snap_ranges *ranges, uint64_t address,
		      uint64_t *end);

/**
 * The same, for addresses that ascend from call to call.
 *
 * @param[in,out] cursor 0 at first; where the last one was found.
 */
bool snap_ranges_have_next(const struct snap_ranges *ranges, size_t *cursor,
			   uint64_t address, uint64_t *end);

/** Whether all from `start` to before `end` lies in them. */
bool snap_ranges_cover(const struct snap_ranges *ranges, uint64_t start, uint64_t end);

/** Add what of other ranges lies from `start` to before `end`; as by append. */
_must_check_ snap_err snap_ranges_append_some(struct snap_ranges *ranges,
					      const struct snap_ranges *others,
					      uint64_t start, uint64_t end);

#endif
