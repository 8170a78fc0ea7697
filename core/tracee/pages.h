/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_PAGES_H
#define SNAP_TRACEE_PAGES_H

#include <stdbool.h>

#include "core/model/ranges.h"
#include "core/tracee/tracee.h"

/** Pages in a row that exist, in memory or in swap, and are of one kind. */
struct snap_page_run {
	uint64_t start;
	uint64_t end;
	/**
	 * The process's own: anonymous, or a page of a private file mapping that was
	 * written to. Otherwise a page of a file or of shared memory.
	 */
	bool is_own;
};

#define SNAP_MAX_PAGE_RUNS 1024

/** A part of an address range, and the pages that exist in it. */
struct snap_page_runs {
	struct snap_page_run list[SNAP_MAX_PAGE_RUNS];
	size_t nr;
	/** How far the list tells: pages before this that are not in it do not exist.
	 */
	uint64_t end;
};

/**
 * Find the pages that exist from an address on: with the PAGEMAP_SCAN ioctl, which
 * walks over terabytes of nothing in no time (Linux 6.7), or by reading
 * /proc/PID/pagemap.
 *
 * @param start,end Multiples of SNAP_PAGE_SIZE, start < end: a snapshot has pages that
 *	are smaller than those of some kernels.
 * @param[out] ret Tells of one page at least: ret->end > start. Call again from there.
 */
_must_check_ snap_err snap_tracee_scan(struct snap_tracee *tracee, uint64_t start,
				       uint64_t end, struct snap_page_runs *ret);

/**
 * Add up the pages that exist in a range, in bytes: faster than to find them, as what
 * they are of is not looked up.
 */
_must_check_ snap_err snap_tracee_measure(struct snap_tracee *tracee, uint64_t start,
					  uint64_t end, uint64_t *ret);

/**
 * Find the pages that MADV_GUARD_INSTALL made inaccessible, from an address on; *ret
 * tells of such runs only. Kernels before 6.15 do not tell: then there are none.
 */
_must_check_ snap_err snap_tracee_scan_guards(struct snap_tracee *tracee,
					      uint64_t start, uint64_t end,
					      struct snap_page_runs *ret);

/**
 * Find ranges with pages that may not be in memory, each as a whole: with
 * move_pages(2), which moves none if it is not told where to. Of long ones, of more
 * than 16 pages, that is assumed.
 *
 * @param ranges Of whole pages.
 * @param ret Grows at its end. Also all of them: the kernel does not tell.
 */
_must_check_ snap_err snap_tracee_find_absent(struct snap_tracee *tracee,
					      const struct snap_ranges *ranges,
					      struct snap_ranges *ret);

/**
 * Make the kernel finish what it does to pages in batches, so that smaps tells of all
 * that MADV_FREE was called for. Where it cannot be made to, smaps may lag behind.
 */
void snap_settle_pages(void);

#endif
