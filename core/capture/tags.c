// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/capture/tags.h"

#include <string.h>

#include "core/tracee/tags.h"

struct capture {
	struct snap_tags *tags;
	uint32_t granule;
	uint64_t page_size;
};

static bool is_zero(const uint8_t *tags, size_t nr)
{
	return !*tags && !memcmp(tags, tags + 1, nr - 1);
}

/** Hold the tags of pages, but of those where all are 0. */
static snap_err keep(void *context, uint64_t start, uint64_t size, const uint8_t *tags)
{
	const struct capture *capture = context;
	size_t nr = capture->page_size / capture->granule;
	for (uint64_t at = 0; at < size; at += capture->page_size, tags += nr) {
		uint8_t *place;
		if (is_zero(tags, nr))
			continue;
		SNAP_TRY(snap_tags_append(capture->tags, capture->granule, start + at,
					  capture->page_size, &place));
		snap_tags_pack(tags, nr, place);
	}
	return SNAP_OK;
}

/** What a restore leaves alone, it says so. */
static snap_err tell(struct snap_snapshot *snapshot, const char *name, size_t nr)
{
	if (!nr)
		return SNAP_OK;
	return snap_snapshot_omit(
		snapshot,
		"The tags (%s) of %zu mappings whose contents are not "
		"saved: a restore leaves them as they are.",
		name, nr);
}

snap_err snap_capture_tags(struct snap_tracee *tracee, struct snap_snapshot *snapshot)
{
	const struct snap_memory_tags *kind = tracee->arch->memory_tags;
	if (!kind)
		return SNAP_OK;
	struct capture capture = { &snapshot->tags, kind->granule, tracee->page_size };
	size_t nr_left = 0;
	for (size_t i = 0; i < snapshot->vmas.nr; i++) {
		const struct snap_vma *vma = &snapshot->vmas.list[i];
		if (snap_tracee_has_tags(tracee, vma))
			SNAP_TRY(snap_tracee_read_tags(tracee, vma, vma->start,
						       vma->end, keep, &capture));
		else
			nr_left += !!(vma->flags & SNAP_VMA_TAGGED);
	}
	return tell(snapshot, kind->name, nr_left);
}
