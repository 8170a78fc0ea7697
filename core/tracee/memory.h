/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_MEMORY_H
#define SNAP_TRACEE_MEMORY_H

#include <stdbool.h>

#include "core/model/memory.h"
#include "core/tracee/tracee.h"

/** What /proc/PID/pagemap tells of a page (Documentation/admin-guide/mm/pagemap.rst).
 */
#define SNAP_PAGE_PRESENT (UINT64_C(1) << 63)
#define SNAP_PAGE_SWAPPED (UINT64_C(1) << 62)
/** A page of a file or of shared anonymous memory: not the process's own. */
#define SNAP_PAGE_FILE (UINT64_C(1) << 61)
/** Nobody else maps it; never of the kernel's page of zeros. */
#define SNAP_PAGE_EXCLUSIVE (UINT64_C(1) << 56)

/** The page exists, in memory or in swap. */
static inline bool snap_page_exists(uint64_t entry)
{
	return entry & (SNAP_PAGE_PRESENT | SNAP_PAGE_SWAPPED);
}

/** The page exists and belongs to the process alone: written to since it was mapped. */
static inline bool snap_page_is_own(uint64_t entry)
{
	return snap_page_exists(entry) && !(entry & SNAP_PAGE_FILE);
}

/** Read memory whatever its protection; all of it or an error. */
_must_check_ snap_err snap_tracee_read(struct snap_tracee *tracee, uint64_t address,
				       void *ret, size_t size);

/**
 * Read as much as there is in one piece.
 *
 * @param[out] ret_size May be 0: the first page cannot be read (a guard page).
 */
_must_check_ snap_err snap_tracee_read_some(struct snap_tracee *tracee,
					    uint64_t address, void *ret, size_t size,
					    size_t *ret_size);

/** Write memory whatever its protection; all of it or an error. */
_must_check_ snap_err snap_tracee_write(struct snap_tracee *tracee, uint64_t address,
					const void *data, size_t size);

/** Write all that is held to where it was. */
_must_check_ snap_err snap_tracee_write_back(struct snap_tracee *tracee,
					     const struct snap_memory *memory);

/** The page map's entries of `nr_pages` pages from an address of a page. */
_must_check_ snap_err snap_tracee_read_pagemap(struct snap_tracee *tracee,
					       uint64_t address, size_t nr_pages,
					       uint64_t *ret);

#endif
