/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_DIRTY_H
#define SNAP_TRACEE_DIRTY_H

#include <stdbool.h>

#include "core/model/ranges.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * What the kernel notes about writes, page by page. In all of this `start` and `end`
 * are of whole pages, start < end, and lists grow at their end.
 */

/** Where the kernel takes its notes. */
enum snap_page_note {
	/** Write protection of a userfaultfd (core/tracee/writes.h). */
	SNAP_NOTE_PROTECTION,
	/** The soft-dirty bit. */
	SNAP_NOTE_SOFT_DIRTY,
};

/** Which pages count as written to. */
struct snap_page_question {
	enum snap_page_note note;
	/**
	 * Of private mappings of files: pages that are not the process's own, or not in
	 * memory, count as written to: they may have been its own, and been given back.
	 */
	bool is_file;
};

/**
 * Find all pages that are not known to be as they were: those that do not exist, too.
 * In mappings that are not watched that is every page.
 */
_must_check_ snap_err snap_tracee_find_dirty(struct snap_tracee *tracee, uint64_t start,
					     uint64_t end,
					     struct snap_page_question question,
					     struct snap_ranges *ret);

/**
 * The same for anonymous memory and SNAP_NOTE_PROTECTION, four times as fast. Kernels
 * may be wrong about pages in swap, and about tables that do not exist.
 *
 * @param[out] ret_is_watched false: a mapping there is not, and the list may have
 * grown.
 */
_must_check_ snap_err snap_tracee_find_written(struct snap_tracee *tracee,
					       uint64_t start, uint64_t end,
					       struct snap_ranges *ret,
					       bool *ret_is_watched);

/**
 * Protect all pages of watched mappings that exist, in memory or in swap.
 *
 * @param ret Those that were not protected already.
 */
_must_check_ snap_err snap_tracee_protect(struct snap_tracee *tracee, uint64_t start,
					  uint64_t end, struct snap_ranges *ret);

/**
 * snap_tracee_find_written(), and protect what it finds in the same go. A page there
 * that does not exist is protected, too: mincore(2) and /proc/PID/pagemap then tell of
 * it as if it did.
 *
 * @param ret Those that were not protected already.
 */
_must_check_ snap_err snap_tracee_protect_all(struct snap_tracee *tracee,
					      uint64_t start, uint64_t end,
					      struct snap_ranges *ret,
					      bool *ret_is_watched);

/** Clear the soft-dirty bits of all pages (man 5 proc, clear_refs). */
_must_check_ snap_err snap_tracee_clear_soft_dirty(struct snap_tracee *tracee);

#endif
