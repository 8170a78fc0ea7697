/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_PAGEMAP_SCAN_H
#define SNAP_TRACEE_PAGEMAP_SCAN_H

#include <stdint.h>
#include <sys/ioctl.h>

/**
 * @file
 * The PAGEMAP_SCAN ioctl (Documentation/admin-guide/mm/pagemap.rst), which is newer
 * than the headers of Debian 12 (include/uapi/linux/fs.h).
 */

struct page_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct pm_scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)

/** Protect what is found. */
#define PM_SCAN_WP_MATCHING (1 << 0)
/** EPERM in a mapping without asynchronous write protection. */
#define PM_SCAN_CHECK_WPASYNC (1 << 1)

/** The mapping has asynchronous write protection. */
#define PAGE_IS_WPALLOWED (1 << 0)
/** Not protected; also said of pages that do not exist. */
#define PAGE_IS_WRITTEN    (1 << 1)
#define PAGE_IS_FILE       (1 << 2)
#define PAGE_IS_PRESENT    (1 << 3)
#define PAGE_IS_SWAPPED    (1 << 4)
#define PAGE_IS_PFNZERO    (1 << 5)
#define PAGE_IS_SOFT_DIRTY (1 << 7)
#define PAGE_IS_GUARD      (1 << 8)

#endif
