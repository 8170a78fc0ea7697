// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/tags.h"

#include <string.h>

#include "core/tracee/tags.h"

struct pass {
	struct snap_tracee *tracee;
	const struct snap_tags *wanted;
	uint32_t granule;
};

/** Write the tags of pages that differ. */
static snap_err rewind_pages(void *context, uint64_t start, uint64_t size,
			     const uint8_t *tags)
{
	const struct pass *pass = context;
	uint64_t page_size = pass->tracee->page_size;
	size_t nr = page_size / pass->granule;
	_cleanup_free_ uint8_t *wanted = malloc(nr);
	if (!wanted)
		return &snap_enomem;
	for (uint64_t at = 0; at < size; at += page_size, tags += nr) {
		snap_tags_get(pass->wanted, pass->granule, start + at, page_size,
			      wanted);
		if (memcmp(tags, wanted, nr) != 0)
			SNAP_TRY(snap_tracee_write_tags(pass->tracee, start + at,
							page_size, wanted));
	}
	return SNAP_OK;
}

/** The pages that have to have tags, whether they exist or not. */
static snap_err rewind_held(struct pass *pass)
{
	for (size_t i = 0; i < pass->wanted->nr; i++) {
		const struct snap_tag_run *run = &pass->wanted->list[i];
		SNAP_TRY(snap_tracee_read_all_tags(pass->tracee, run->start, run->end,
						   rewind_pages, pass));
	}
	return SNAP_OK;
}

snap_err snap_rewind_tags(struct snap_tracee *tracee,
			  const struct snap_snapshot *wanted)
{
	if (!tracee->arch->memory_tags)
		return SNAP_OK;
	struct pass pass = { tracee, &wanted->tags,
			     tracee->arch->memory_tags->granule };
	for (size_t i = 0; i < wanted->vmas.nr; i++) {
		const struct snap_vma *vma = &wanted->vmas.list[i];
		if (snap_tracee_has_tags(tracee, vma))
			SNAP_TRY(snap_tracee_read_tags(tracee, vma, vma->start,
						       vma->end, rewind_pages, &pass));
	}
	return rewind_held(&pass);
}
