/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_PAGE_H
#define SNAP_MODEL_PAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/model/memory.h"

/**
 * @file
 * The pages of a machine's kernel: what it maps, drops and counts by. Contents are held
 * and compared in units of SNAP_PAGE_SIZE on every machine, of which a page of any
 * kernel has one or more.
 */

/** The largest of all kernels: those of aarch64 and ppc64le may be built with it. */
#define SNAP_MAX_PAGE_SIZE ((uint64_t)64 << 10)

/** Whether a kernel may have pages of this size. */
static inline bool snap_is_page_size(uint64_t size)
{
	return size >= SNAP_PAGE_SIZE && size <= SNAP_MAX_PAGE_SIZE &&
	       !(size & (size - 1));
}

/** Whether SNAP_PAGE_SIZE bytes are zeros. Most pages tell by their first byte. */
static inline bool snap_page_is_zero(const uint8_t *page)
{
	return !*page && !memcmp(page, page + 1, SNAP_PAGE_SIZE - 1);
}

/**
 * Find the next run of pages that are not zeros.
 *
 * @param[in,out] at From where on; then where it begins, or `size`.
 * @return Where it ends: `*at` where there is none.
 */
static inline size_t snap_pages_next_run(const uint8_t *bytes, size_t size, size_t *at)
{
	while (*at < size && snap_page_is_zero(bytes + *at))
		*at += SNAP_PAGE_SIZE;
	size_t end = *at;
	while (end < size && !snap_page_is_zero(bytes + end))
		end += SNAP_PAGE_SIZE;
	return end;
}

/** The beginning of the page that an address lies in. */
static inline uint64_t snap_page_down(uint64_t address, uint64_t page_size)
{
	return address & -page_size;
}

/** The first beginning of a page from an address on. */
static inline uint64_t snap_page_up(uint64_t address, uint64_t page_size)
{
	return (address + page_size - 1) & -page_size;
}

#endif
