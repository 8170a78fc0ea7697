// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/pages.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/model/page.h"
#include "core/tracee/memory.h"
#include "core/tracee/pagemap_scan.h"

/** Entries of the page map that are read at once. */
#define MAP_PAGES SNAP_MAX_PAGE_RUNS

/**
 * Find pages that are of one of `categories`.
 *
 * @param told Of PAGE_IS_FILE: it is looked up for each page, which takes most of the
 *	time; without it every run is told as the process's own.
 * @param[out] ret_has_it false: this kernel does not know the call, or the category.
 */
static snap_err scan_by_ioctl(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			      uint64_t categories, uint64_t told,
			      struct snap_page_runs *ret, bool *ret_has_it)
{
	SNAP_TRY(snap_tracee_enter(tracee, "scan the pages at %#lx",
				   (unsigned long)start));
	struct page_region regions[SNAP_MAX_PAGE_RUNS];
	size_t most = (end - start) / tracee->page_size;
	if (most > SNAP_MAX_PAGE_RUNS)
		most = SNAP_MAX_PAGE_RUNS;
	// For valgrind, which does not know what this ioctl writes.
	memset(regions, 0, most * sizeof(*regions));
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uint64_t)(uintptr_t)regions,
		.vec_len = most,
		.category_anyof_mask = categories,
		.return_mask = told,
	};
	int nr = ioctl(tracee->pagemap_fd, PAGEMAP_SCAN, &arg);
	*ret_has_it = nr >= 0 || (errno != ENOTTY && errno != EINVAL);
	if (nr < 0)
		return *ret_has_it
			       ? snap_error_os(errno, "cannot scan the pages at %#lx",
					       (unsigned long)start)
			       : SNAP_OK;
	for (int i = 0; i < nr; i++)
		ret->list[i] = (struct snap_page_run){
			.start = regions[i].start,
			.end = regions[i].end,
			.is_own = !(regions[i].categories & PAGE_IS_FILE),
		};
	ret->nr = (size_t)nr;
	ret->end = arg.walk_end;
	// Where the list is full just as the range ends, walk_end stays behind what is
	// in the list (measured, Linux 6.18): going on from there would tell of pages
	// twice.
	if (nr && ret->list[nr - 1].end > ret->end)
		ret->end = ret->list[nr - 1].end;
	return SNAP_OK;
}

static void add_page(struct snap_page_runs *runs, uint64_t start, size_t page_size,
		     bool is_own)
{
	struct snap_page_run *last = runs->nr ? &runs->list[runs->nr - 1] : NULL;
	if (last && last->end == start && last->is_own == is_own)
		last->end += page_size;
	else
		runs->list[runs->nr++] = (struct snap_page_run){
			.start = start,
			.end = start + page_size,
			.is_own = is_own,
		};
}

static snap_err scan_by_pagemap(struct snap_tracee *tracee, uint64_t start,
				uint64_t end, struct snap_page_runs *ret)
{
	uint64_t entries[MAP_PAGES];
	size_t nr_pages = (end - start) / tracee->page_size;
	if (nr_pages > MAP_PAGES)
		nr_pages = MAP_PAGES;
	SNAP_TRY(snap_tracee_read_pagemap(tracee, start, nr_pages, entries));
	ret->nr = 0;
	for (size_t i = 0; i < nr_pages; i++)
		if (snap_page_exists(entries[i]))
			add_page(ret, start + i * tracee->page_size, tracee->page_size,
				 snap_page_is_own(entries[i]));
	ret->end = start + nr_pages * tracee->page_size;
	return SNAP_OK;
}

static snap_err scan_whole(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			   uint64_t told, struct snap_page_runs *ret)
{
	if (!tracee->lacks_pagemap_scan) {
		bool has_it;
		SNAP_TRY(scan_by_ioctl(tracee, start, end,
				       PAGE_IS_PRESENT | PAGE_IS_SWAPPED, told, ret,
				       &has_it));
		if (has_it && ret->end > start)
			return SNAP_OK;
		tracee->lacks_pagemap_scan = true;
	}
	return scan_by_pagemap(tracee, start, end, ret);
}

/** Leave what lies from `start` to before `end`. */
static void clip(struct snap_page_runs *runs, uint64_t start, uint64_t end)
{
	struct snap_page_run *first = runs->list, *last = runs->list + runs->nr - 1;
	runs->end = runs->end < end ? runs->end : end;
	if (runs->nr && first->start < start)
		first->start = start;
	if (runs->nr && last->end > end)
		last->end = end;
}

static snap_err scan(struct snap_tracee *tracee, uint64_t start, uint64_t end,
		     uint64_t told, struct snap_page_runs *ret)
{
	SNAP_TRY(scan_whole(tracee, snap_page_down(start, tracee->page_size),
			    snap_page_up(end, tracee->page_size), told, ret));
	clip(ret, start, end);
	return SNAP_OK;
}

snap_err snap_tracee_scan(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			  struct snap_page_runs *ret)
{
	return scan(tracee, start, end, PAGE_IS_FILE, ret);
}

snap_err snap_tracee_measure(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			     uint64_t *ret)
{
	struct snap_page_runs runs;
	*ret = 0;
	for (uint64_t at = start; at < end; at = runs.end) {
		SNAP_TRY(scan(tracee, at, end, 0, &runs));
		for (size_t i = 0; i < runs.nr; i++)
			*ret += runs.list[i].end - runs.list[i].start;
	}
	return SNAP_OK;
}

snap_err snap_tracee_scan_guards(struct snap_tracee *tracee, uint64_t start,
				 uint64_t end, struct snap_page_runs *ret)
{
	bool has_it = false;
	if (!tracee->lacks_pagemap_scan)
		SNAP_TRY(scan_by_ioctl(tracee, start, end, PAGE_IS_GUARD, 0, ret,
				       &has_it));
	if (has_it && ret->end > start)
		return SNAP_OK;
	ret->nr = 0;
	ret->end = end;
	return SNAP_OK;
}

/** Ranges that are asked about in one call, and pages of each at most. */
#define MOST_ASKED 128
#define FEW_PAGES  16

static size_t count_asked(const struct snap_tracee *tracee,
			  const struct snap_range *range)
{
	size_t nr = range->size / tracee->page_size;
	return nr <= FEW_PAGES ? nr : 0;
}

/** Add those of some ranges, at most MOST_ASKED, that are not in memory as a whole. */
static snap_err add_absent(struct snap_tracee *tracee, const struct snap_range *ranges,
			   size_t nr, struct snap_ranges *ret)
{
	void *pages[MOST_ASKED * FEW_PAGES];
	int places[MOST_ASKED * FEW_PAGES], *place = places;
	unsigned long nr_pages = 0;
	for (size_t i = 0; i < nr; i++)
		for (size_t page = 0; page < count_asked(tracee, &ranges[i]); page++)
			pages[nr_pages++] =
				(void *)(uintptr_t)(ranges[i].start +
						    page * tracee->page_size);
	SNAP_TRY(snap_tracee_enter(tracee, "ask which pages are in memory"));
	bool has_told =
		!syscall(SYS_move_pages, tracee->pid, nr_pages, pages, NULL, places, 0);
	for (size_t i = 0; i < nr; i++) {
		size_t left = count_asked(tracee, &ranges[i]);
		bool is_there = has_told && left;
		for (; has_told && left; left--)
			is_there &= *place++ >= 0;
		if (!is_there)
			SNAP_TRY(snap_ranges_append(ret, ranges[i].start,
						    ranges[i].start + ranges[i].size));
	}
	return SNAP_OK;
}

snap_err snap_tracee_find_absent(struct snap_tracee *tracee,
				 const struct snap_ranges *ranges,
				 struct snap_ranges *ret)
{
	for (size_t i = 0, nr; i < ranges->nr; i += nr) {
		nr = ranges->nr - i < MOST_ASKED ? ranges->nr - i : MOST_ASKED;
		SNAP_TRY(add_absent(tracee, &ranges->list[i], nr, ret));
	}
	return SNAP_OK;
}

void snap_settle_pages(void)
{
	// Each CPU collects pages before it acts (mm/swap.c). Whoever moves pages, even
	// none of its own, has the lists emptied first (mm/migrate.c, do_pages_move()).
	// Measured on Linux 6.18: LazyFree is right afterwards.
	int nowhere = 0;
	void *no_page = NULL;
	(void)syscall(SYS_move_pages, 0, 0UL, &no_page, &nowhere, &nowhere, 0);
}
