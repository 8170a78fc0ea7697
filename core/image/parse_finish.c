// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>

#include "core/image/parse.h"

/**
 * @file
 * Do the notes of an image make a snapshot together? What the model promises to
 * everybody who uses it is checked here, once.
 */

static const uint32_t needed_notes = UINT32_C(1) << (SNAP_NOTE_MANIFEST & 31) |
				     UINT32_C(1) << (SNAP_NOTE_CPU & 31) |
				     UINT32_C(1) << (SNAP_NOTE_MAPPINGS & 31) |
				     UINT32_C(1) << (SNAP_NOTE_THREAD & 31) |
				     UINT32_C(1) << (SNAP_NOTE_OMISSIONS & 31) |
				     UINT32_C(1) << (SNAP_NOTE_EXTENTS & 31) |
				     UINT32_C(1) << (SNAP_NOTE_DIGEST & 31);

static snap_err check_manifest(const struct snap_parse *parse)
{
	const struct snap_snapshot *snapshot = parse->snapshot;
	if ((parse->seen & needed_notes) != needed_notes)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "it lacks a note that every image has");
	if (parse->nr_threads != snapshot->nr_threads)
		return snap_error_create(
			SNAP_ERROR_CORRUPT,
			"its manifest promises %u threads, and %zu are there",
			parse->nr_threads, snapshot->nr_threads);
	if (snapshot->identity.pid <= 0 ||
	    snapshot->identity.exe_build_id_size > SNAP_BUILD_ID_SIZE)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its manifest is of no process");
	return SNAP_OK;
}

static snap_err check_mappings(const struct snap_snapshot *snapshot)
{
	const struct snap_vmas *vmas = &snapshot->vmas;
	uint64_t end = 0;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (vma->start < end || vma->end <= vma->start ||
		    (vma->start | vma->end) % snapshot->page_size ||
		    vma->build_id_size > SNAP_BUILD_ID_SIZE)
			return snap_error_create(SNAP_ERROR_CORRUPT,
						 "its mapping at 0x%llx cannot be one",
						 (unsigned long long)vma->start);
		end = vma->end;
	}
	return SNAP_OK;
}

static bool is_mapped(const struct snap_vmas *vmas, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct snap_vma *vma = snap_vmas_find(vmas, start);
		if (!vma)
			return false;
		start = vma->end;
	}
	return true;
}

/**
 * Of a file, kernels copy whole pages: a part of one that is not held would be neither
 * the file's nor the process's.
 */
static bool may_end(const struct snap_snapshot *snapshot, uint64_t address,
		    const struct snap_vma *vma)
{
	return !(address % snapshot->page_size) ||
	       snap_vma_contents(vma) != SNAP_CONTENTS_FILE;
}

/** They are in order, in mappings, and in the file behind each other and the head. */
static snap_err check_extents(const struct snap_parse *parse)
{
	const struct snap_snapshot *snapshot = parse->snapshot;
	const struct snap_vmas *vmas = &snapshot->vmas;
	uint64_t address = 0, offset = parse->start;
	for (size_t i = 0; i < parse->nr_extents; i++) {
		const struct snap_image_extent *extent = &parse->extents[i];
		uint64_t end, file_end;
		if (extent->start < address || extent->offset < offset ||
		    !extent->size ||
		    (extent->start | extent->size | extent->offset) % SNAP_PAGE_SIZE ||
		    __builtin_add_overflow(extent->start, extent->size, &end) ||
		    __builtin_add_overflow(extent->offset, extent->size, &file_end) ||
		    file_end > parse->end || !is_mapped(vmas, extent->start, end) ||
		    !may_end(snapshot, extent->start,
			     snap_vmas_find(vmas, extent->start)) ||
		    !may_end(snapshot, end, snap_vmas_find(vmas, end - 1)))
			return snap_error_create(SNAP_ERROR_CORRUPT,
						 "its memory at 0x%llx cannot be there",
						 (unsigned long long)extent->start);
		address = end;
		offset = file_end;
	}
	return SNAP_OK;
}

static bool has_tags(const struct snap_vmas *vmas, uint64_t start, uint64_t end)
{
	for (const struct snap_vma *vma; start < end; start = vma->end) {
		vma = snap_vmas_find(vmas, start);
		if (!vma || !(vma->flags & SNAP_VMA_TAGGED) ||
		    snap_vma_contents(vma) == SNAP_CONTENTS_NONE)
			return false;
	}
	return true;
}

/** Only memory has tags that may have some, and only of whole pages. */
static snap_err check_tags(const struct snap_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->tags.nr; i++) {
		const struct snap_tag_run *run = &snapshot->tags.list[i];
		if ((run->start | run->end) % snapshot->page_size ||
		    !has_tags(&snapshot->vmas, run->start, run->end))
			return snap_error_create(
				SNAP_ERROR_CORRUPT,
				"its tags of memory at 0x%llx cannot be there",
				(unsigned long long)run->start);
	}
	return SNAP_OK;
}

/** Put the threads where they were in the snapshot that was written. */
static snap_err order_threads(struct snap_parse *parse)
{
	struct snap_snapshot *snapshot = parse->snapshot;
	size_t nr = snapshot->nr_threads;
	struct snap_thread *threads = calloc(nr + 1, sizeof(*threads));
	if (!threads)
		return &snap_enomem;
	bool is_order = true;
	for (size_t i = 0; i < nr; i++) {
		uint32_t place = parse->places[i];
		is_order = is_order && place < nr && !threads[place].tid;
		if (is_order)
			threads[place] = snapshot->threads[i];
	}
	struct snap_thread *unused = is_order ? snapshot->threads : threads;
	if (is_order)
		snapshot->threads = threads;
	free(unused);
	if (!is_order)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its threads do not make a list");
	return SNAP_OK;
}

static int compare_tids(const void *a, const void *b)
{
	pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
	return (left > right) - (left < right);
}

static snap_err check_tids(const struct snap_snapshot *snapshot)
{
	size_t nr = snapshot->nr_threads;
	_cleanup_free_ pid_t *tids = calloc(nr + 1, sizeof(*tids));
	if (!tids)
		return &snap_enomem;
	bool is_known = false;
	for (size_t i = 0; i < nr; i++) {
		tids[i] = snapshot->threads[i].tid;
		is_known = is_known || tids[i] == snapshot->current_tid;
	}
	qsort(tids, nr, sizeof(*tids), compare_tids);
	for (size_t i = 0; i < nr; i++)
		if (tids[i] <= 0 || (i && tids[i] == tids[i - 1]))
			is_known = false;
	if (!is_known)
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "its threads cannot be those of a process");
	return SNAP_OK;
}

snap_err snap_parse_finish(struct snap_parse *parse)
{
	SNAP_TRY(check_manifest(parse));
	SNAP_TRY(check_mappings(parse->snapshot));
	SNAP_TRY(check_extents(parse));
	SNAP_TRY(check_tags(parse->snapshot));
	SNAP_TRY(check_tids(parse->snapshot));
	SNAP_TRY(order_threads(parse));
	if (parse->is_newer)
		return snap_snapshot_omit(parse->snapshot,
					  "a newer gdb-snapshot wrote the image: what "
					  "this version does not know was not read");
	return SNAP_OK;
}
