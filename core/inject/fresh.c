// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/fresh.h"

#include <string.h>

#include "core/tracee/vectors.h"

/** Pieces that are written in one go. */
#define MOST 256

bool snap_is_fresh(const struct snap_snapshot *live, const struct snap_vma *vma)
{
	return live->state.is_new && snap_vma_contents(vma) == SNAP_CONTENTS_ZERO;
}

static bool is_zero(const uint8_t *page)
{
	return !*page && !memcmp(page, page + 1, SNAP_PAGE_SIZE - 1);
}

snap_err snap_fill_fresh(struct snap_tracee *tracee, uint64_t start,
			 const uint8_t *wanted, uint64_t size, uint64_t *bytes_written)
{
	struct snap_part parts[MOST];
	size_t nr = 0;
	for (uint64_t at = 0, end; at < size; at = end + SNAP_PAGE_SIZE) {
		for (end = at; end < size && !is_zero(wanted + end);)
			end += SNAP_PAGE_SIZE;
		if (end == at)
			continue;
		// What is written is only read here.
		parts[nr++] = (struct snap_part){ start + at,
						  (uint8_t *)(uintptr_t)wanted + at,
						  end - at };
		*bytes_written += end - at;
		if (nr < MOST)
			continue;
		SNAP_TRY(snap_tracee_write_parts(tracee, parts, nr));
		nr = 0;
	}
	return snap_tracee_write_parts(tracee, parts, nr);
}
