// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/layout.h"

#include <elf.h>

void snap_layout_deinit(struct snap_layout *layout)
{
	free(layout->segments);
	free(layout->extents);
	*layout = (struct snap_layout){ 0 };
}

/** A layout in the making. */
struct work {
	const struct snap_memory *memory;
	/** The longest stretch of zeros that may be a hole. */
	uint64_t max_hole;
	/** How many held bytes have found their place. */
	uint64_t held;
	/** Of the snapshot's kernel. */
	uint64_t page_size;
	struct snap_layout layout;
};

static void work_deinit(struct work *work)
{
	snap_layout_deinit(&work->layout);
}

static snap_err add_segment(struct snap_layout *layout,
			    const struct snap_segment *segment)
{
	// Grows at powers of two: there can be millions.
	size_t nr = layout->nr_segments;
	if (!(nr & (nr - 1))) {
		struct snap_segment *segments =
			reallocarray(layout->segments, nr ? nr * 2 : 1,
				     sizeof(*segments));
		if (!segments)
			return &snap_enomem;
		layout->segments = segments;
	}
	layout->segments[layout->nr_segments++] = *segment;
	return SNAP_OK;
}

static uint32_t segment_flags(const struct snap_vma *vma)
{
	return (vma->prot & SNAP_VMA_READ ? PF_R : 0) |
	       (vma->prot & SNAP_VMA_WRITE ? PF_W : 0) |
	       (vma->prot & SNAP_VMA_EXEC ? PF_X : 0);
}

/** Whether pages of a mapping that are not held are zero, and somebody may look. */
static bool reads_as_zero(const struct snap_vma *vma)
{
	enum snap_vma_contents contents = snap_vma_contents(vma);
	return vma->prot & (SNAP_VMA_READ | SNAP_VMA_WRITE | SNAP_VMA_EXEC) &&
	       (contents == SNAP_CONTENTS_ZERO || contents == SNAP_CONTENTS_SHARED);
}

static snap_err add_extent(struct snap_layout *layout, uint64_t start, uint64_t size,
			   uint64_t offset)
{
	size_t nr = layout->nr_extents;
	if (!(nr & (nr - 1))) {
		struct snap_extent *extents =
			reallocarray(layout->extents, nr ? nr * 2 : 1,
				     sizeof(*extents));
		if (!extents)
			return &snap_enomem;
		layout->extents = extents;
	}
	layout->extents[layout->nr_extents++] =
		(struct snap_extent){ start, size, offset };
	return SNAP_OK;
}

/** Note where held bytes go: on where the last ones are, or elsewhere. */
static snap_err place_held(struct snap_layout *layout, uint64_t start, uint64_t size)
{
	for (uint64_t at = 0, here; at < size; at += here) {
		size_t nr = layout->nr_extents;
		struct snap_extent *last = nr ? &layout->extents[nr - 1] : NULL;
		uint64_t room = SNAP_MAX_EXTENT - (start + at) % SNAP_MAX_EXTENT;
		here = size - at < room ? size - at : room;
		if (last && last->start + last->size == start + at &&
		    room < SNAP_MAX_EXTENT)
			last->size += here;
		else
			SNAP_TRY(add_extent(layout, start + at, here,
					    layout->size + at));
	}
	return SNAP_OK;
}

/**
 * Whether zeros are in the file: those between what is held, and those that share a
 * page of the kernel with it.
 *
 * @param[in,out] run Cut to those about which that is so.
 */
static bool is_hole_in_file(const struct work *work, uint64_t at, uint64_t *run)
{
	if (*run <= work->max_hole)
		return true;
	uint64_t page = snap_page_up(at, work->page_size);
	if (page != at) {
		*run = *run < page - at ? *run : page - at;
		return true;
	}
	uint64_t whole = snap_page_down(*run, work->page_size);
	*run = whole ? whole : *run;
	return !whole;
}

static snap_err lay_out_vma(struct work *work, const struct snap_vma *vma)
{
	struct snap_layout *layout = &work->layout;
	struct snap_segment *last = NULL;
	bool is_zero = reads_as_zero(vma);
	for (uint64_t at = vma->start, run; at < vma->end; at += run) {
		bool is_held = snap_memory_at(work->memory, at, &run);
		if (run > vma->end - at)
			run = vma->end - at;
		bool is_in_file =
			is_held || (is_zero && is_hole_in_file(work, at, &run));
		if (is_held) {
			SNAP_TRY(place_held(layout, at, run));
			work->held += run;
		}
		if (last && last->is_in_file == is_in_file) {
			last->size += run;
		} else {
			const struct snap_segment segment = {
				.start = at,
				.size = run,
				.offset = layout->size,
				.flags = segment_flags(vma),
				.is_in_file = is_in_file,
			};
			SNAP_TRY(add_segment(layout, &segment));
			last = &layout->segments[layout->nr_segments - 1];
		}
		if (is_in_file)
			layout->size += run;
	}
	return SNAP_OK;
}

static snap_err lay_out(struct snap_layout *ret, const struct snap_snapshot *snapshot,
			uint64_t max_hole)
{
	_cleanup_(work_deinit) struct work work = {
		.memory = &snapshot->memory,
		.max_hole = max_hole,
		.page_size = snapshot->page_size,
	};
	for (size_t i = 0; i < snapshot->vmas.nr; i++)
		SNAP_TRY(lay_out_vma(&work, &snapshot->vmas.list[i]));
	if (work.held != snapshot->memory.size)
		return snap_error_create(
			SNAP_ERROR_INVALID,
			"the snapshot holds memory outside of its mappings");
	*ret = work.layout;
	work.layout = (struct snap_layout){ 0 };
	return SNAP_OK;
}

snap_err snap_layout_init(struct snap_layout *layout,
			  const struct snap_snapshot *snapshot)
{
	_cleanup_layout_ struct snap_layout wanted = { 0 };
	SNAP_TRY(lay_out(&wanted, snapshot, SNAP_MAX_HOLE));
	if (wanted.size - snapshot->memory.size > SNAP_MAX_HOLES_SIZE)
		return lay_out(layout, snapshot, 0);
	*layout = wanted;
	wanted = (struct snap_layout){ 0 };
	return SNAP_OK;
}
