// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/diff_memory.h"

#include <string.h>

#include "arch/arch.h"

/** Bytes between two reports of progress. */
#define STEP ((uint64_t)16 << 20)

/**
 * Fewer equal bytes than this between two differences, or all in one aligned word: a
 * person sees one. Small numbers in neighbouring words are two.
 */
#define GAP 4

struct comparison {
	const struct snap_snapshot *a;
	const struct snap_snapshot *b;
	const struct snap_diff_options *options;
	struct snap_memory_changes *changes;
	/** Of the mapping that is compared. */
	const struct snap_vma *vma;
	/** The range that may still grow; empty: none. */
	struct snap_memory_change open;
	/** The first of the skips that lies ahead. */
	size_t skip;
	uint64_t bytes_compared;
};

static const uint8_t zeros[SNAP_PAGE_SIZE];

/** The open range is complete. */
static snap_err finish_range(struct comparison *it)
{
	struct snap_memory_changes *changes = it->changes;
	if (it->open.start == it->open.end)
		return SNAP_OK;
	changes->nr_all++;
	changes->bytes_all += it->open.end - it->open.start;
	size_t nr = changes->nr;
	if (nr < it->options->max_ranges) {
		if (!(nr & (nr - 1))) {
			struct snap_memory_change *list =
				reallocarray(changes->list, nr ? nr * 2 : 1,
					     sizeof(*list));
			if (!list)
				return &snap_enomem;
			changes->list = list;
		}
		changes->list[changes->nr++] = it->open;
	}
	it->open = (struct snap_memory_change){ 0 };
	return SNAP_OK;
}

/** @param range Of the mapping that is compared. */
static snap_err add_range(struct comparison *it, const struct snap_memory_change *range)
{
	struct snap_memory_change *open = &it->open;
	if (open->vma == it->vma && open->is_unknown == range->is_unknown &&
	    open->is_tags == range->is_tags && range->start - open->end < GAP) {
		open->end = range->end;
		return SNAP_OK;
	}
	SNAP_TRY(finish_range(it));
	*open = *range;
	open->vma = it->vma;
	return SNAP_OK;
}

/** Find the bytes of a page that differ, eight at a time. */
static snap_err scan_page(struct comparison *it, uint64_t address, const uint8_t *a,
			  const uint8_t *b)
{
	for (size_t at = 0; at < SNAP_PAGE_SIZE; at += sizeof(uint64_t)) {
		uint64_t of_a, of_b;
		memcpy(&of_a, a + at, sizeof(of_a));
		memcpy(&of_b, b + at, sizeof(of_b));
		if (of_a == of_b)
			continue;
		size_t first = at, end = at + sizeof(of_a);
		while (a[first] == b[first])
			first++;
		while (a[end - 1] == b[end - 1])
			end--;
		SNAP_TRY(add_range(it, &(struct snap_memory_change){
					       .start = address + first,
					       .end = address + end,
				       }));
	}
	return SNAP_OK;
}

/** Make bytes of `page` that are not the program's what `other` has there. */
static void hide_skips(struct comparison *it, uint64_t address, uint8_t *page,
		       const uint8_t *other)
{
	const struct snap_diff_options *options = it->options;
	uint64_t end = address + SNAP_PAGE_SIZE;
	for (size_t i = it->skip; i < options->nr_skips; i++) {
		const struct snap_range *skip = &options->skips[i];
		if (skip->start >= end)
			break;
		uint64_t from = skip->start > address ? skip->start : address;
		uint64_t to = skip->start + skip->size;
		if (to > end)
			to = end;
		if (from < to)
			memcpy(page + (from - address), other + (from - address),
			       to - from);
	}
}

static bool has_skips(struct comparison *it, uint64_t address)
{
	const struct snap_diff_options *options = it->options;
	while (it->skip < options->nr_skips &&
	       options->skips[it->skip].start + options->skips[it->skip].size <=
		       address)
		it->skip++;
	return it->skip < options->nr_skips &&
	       options->skips[it->skip].start < address + SNAP_PAGE_SIZE;
}

static snap_err compare_page(struct comparison *it, uint64_t address, const uint8_t *a,
			     const uint8_t *b)
{
	if (!memcmp(a, b, SNAP_PAGE_SIZE))
		return SNAP_OK;
	if (!has_skips(it, address))
		return scan_page(it, address, a, b);
	uint8_t page[SNAP_PAGE_SIZE];
	memcpy(page, b, sizeof(page));
	hide_skips(it, address, page, a);
	return scan_page(it, address, a, page);
}

/** What stands for a page that one of the snapshots does not hold; NULL: not known. */
static const uint8_t *find_unheld(struct comparison *it,
				  const struct snap_snapshot *snapshot,
				  uint64_t address, uint8_t page[SNAP_PAGE_SIZE])
{
	if (snap_vma_contents(it->vma) != SNAP_CONTENTS_FILE)
		return zeros;
	const struct snap_diff_options *options = it->options;
	return options->read_file && options->read_file(options->context, snapshot,
							address, page, SNAP_PAGE_SIZE)
		       ? page
		       : NULL;
}

/** Some pages that at least one of the snapshots holds; NULL: which does not. */
static snap_err compare_pages(struct comparison *it, uint64_t start, uint64_t size,
			      const uint8_t *a, const uint8_t *b)
{
	// Snapshots share the pages that did not change.
	if (a == b || (a && b && !memcmp(a, b, size)))
		return SNAP_OK;
	for (uint64_t at = 0; at < size; at += SNAP_PAGE_SIZE) {
		uint8_t page[SNAP_PAGE_SIZE];
		const uint8_t *of_a =
			a ? a + at : find_unheld(it, it->a, start + at, page);
		const uint8_t *of_b =
			b ? b + at : find_unheld(it, it->b, start + at, page);
		SNAP_TRY(of_a && of_b ? compare_page(it, start + at, of_a, of_b)
				      : add_range(it, &(struct snap_memory_change){
							      .start = start + at,
							      .end = start + at +
								     SNAP_PAGE_SIZE,
							      .is_unknown = true,
						      }));
	}
	return SNAP_OK;
}

static snap_err report(struct comparison *it)
{
	uint64_t a = it->a->memory.size, b = it->b->memory.size;
	uint64_t total = a > b ? a : b;
	return snap_progress_report(it->options->progress, "Comparing memory",
				    it->bytes_compared < total ? it->bytes_compared
							       : total,
				    total);
}

/** Whole pages of one mapping that both have. */
static snap_err compare_range(struct comparison *it, uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t of_a, of_b, size = end - start;
		const uint8_t *a = snap_memory_at(&it->a->memory, start, &of_a);
		const uint8_t *b = snap_memory_at(&it->b->memory, start, &of_b);
		size = of_a < size ? of_a : size;
		size = of_b < size ? of_b : size;
		if (a || b) {
			size = size < STEP ? size : STEP;
			SNAP_TRY(compare_pages(it, start, size, a, b));
			it->bytes_compared += size;
			SNAP_TRY(report(it));
		}
		start += size;
	}
	return SNAP_OK;
}

/** The tags of a page of which one of the snapshots holds some. */
static snap_err compare_tags_of_page(struct comparison *it, uint64_t address)
{
	uint32_t granule = it->a->arch->memory_tags->granule;
	uint8_t a[SNAP_PAGE_SIZE], b[SNAP_PAGE_SIZE];
	snap_tags_get(&it->a->tags, granule, address, SNAP_PAGE_SIZE, a);
	snap_tags_get(&it->b->tags, granule, address, SNAP_PAGE_SIZE, b);
	for (uint32_t i = 0; i < SNAP_PAGE_SIZE / granule; i++)
		if (a[i] != b[i])
			SNAP_TRY(add_range(it,
					   &(struct snap_memory_change){
						   .start = address + i * granule,
						   .end = address + (i + 1) * granule,
						   .is_tags = true,
					   }));
	return SNAP_OK;
}

/** Whole pages of one mapping that has tags in both. */
static snap_err compare_tags(struct comparison *it, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += SNAP_PAGE_SIZE) {
		uint64_t of_a = snap_tags_next(&it->a->tags, at);
		uint64_t of_b = snap_tags_next(&it->b->tags, at);
		at = of_a < of_b ? of_a : of_b;
		if (at >= end)
			return SNAP_OK;
		SNAP_TRY(compare_tags_of_page(it, at));
	}
	return SNAP_OK;
}

/** What both hold is of the same kind, and what they do not hold is the same. */
static bool is_comparable(const struct snap_vma *a, const struct snap_vma *b)
{
	return snap_vma_is_same_backing(a, b) &&
	       snap_vma_contents(a) == snap_vma_contents(b) &&
	       snap_vma_contents(a) != SNAP_CONTENTS_NONE;
}

static snap_err compare_mapping(struct comparison *it)
{
	const struct snap_vmas *others = &it->b->vmas;
	for (const struct snap_vma *other = snap_vmas_find_from(others, it->vma->start);
	     other && other < others->list + others->nr && other->start < it->vma->end;
	     other++) {
		if (!is_comparable(it->vma, other))
			continue;
		uint64_t start =
			other->start > it->vma->start ? other->start : it->vma->start;
		uint64_t end = other->end < it->vma->end ? other->end : it->vma->end;
		SNAP_TRY(compare_range(it, start, end));
		if (it->vma->flags & other->flags & SNAP_VMA_TAGGED &&
		    it->a->arch == it->b->arch)
			SNAP_TRY(compare_tags(it, start, end));
	}
	return SNAP_OK;
}

snap_err snap_diff_compare_memory(struct snap_diff *diff,
				  const struct snap_diff_options *options)
{
	struct comparison it = {
		.a = diff->a,
		.b = diff->b,
		.options = options,
		.changes = &diff->memory,
	};
	for (size_t i = 0; i < diff->a->vmas.nr; i++) {
		it.vma = &diff->a->vmas.list[i];
		SNAP_TRY(compare_mapping(&it));
	}
	return finish_range(&it);
}
