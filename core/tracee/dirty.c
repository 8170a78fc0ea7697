// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/dirty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/tracee/memory.h"
#include "core/tracee/pagemap_scan.h"

/** Regions that one ioctl tells of, and entries of the page map that are read at once.
 */
#define MOST 1024

/** Whether the kernel has no such ioctl, or no such category. */
static bool is_unknown(int error)
{
	return error == ENOTTY || error == EINVAL;
}

/**
 * One PAGEMAP_SCAN with a list.
 *
 * @param arg start and end, and what is asked for; `walk_end` says how far it came.
 * @param[out] ret_errno Of the call; 0: it has succeeded.
 */
static snap_err scan(struct snap_tracee *tracee, struct pm_scan_arg *arg,
		     struct page_region *regions, size_t *ret, int *ret_errno)
{
	SNAP_TRY(snap_tracee_enter(tracee, "scan for changed pages at %#lx",
				   (unsigned long)arg->start));
	arg->size = sizeof(*arg);
	arg->vec = (uint64_t)(uintptr_t)regions;
	int nr = ioctl(tracee->pagemap_fd, PAGEMAP_SCAN, arg);
	*ret_errno = nr < 0 ? errno : 0;
	*ret = nr < 0 ? 0 : (size_t)nr;
	// See core/tracee/pages.c.
	if (nr > 0 && regions[nr - 1].end > arg->walk_end)
		arg->walk_end = regions[nr - 1].end;
	return SNAP_OK;
}

/**
 * Append the regions that a scan finds, or all between them.
 *
 * @param[out] ret_errno If not 0, the list may have grown.
 */
static snap_err append_scan(struct snap_tracee *tracee, struct pm_scan_arg arg,
			    bool takes_rest, struct snap_ranges *ret, int *ret_errno)
{
	struct page_region regions[MOST];
	uint64_t end = arg.end, last = arg.start;
	arg.vec_len = (end - last) / tracee->page_size;
	if (arg.vec_len > MOST)
		arg.vec_len = MOST;
	// For valgrind, which does not know what this ioctl writes.
	memset(regions, 0, arg.vec_len * sizeof(*regions));
	for (arg.walk_end = arg.start; arg.walk_end < end;) {
		arg.start = arg.walk_end;
		size_t nr;
		SNAP_TRY(scan(tracee, &arg, regions, &nr, ret_errno));
		if (*ret_errno)
			return SNAP_OK;
		for (size_t i = 0; i < nr; i++) {
			SNAP_TRY(
				snap_ranges_append(ret,
						   takes_rest ? last : regions[i].start,
						   takes_rest ? regions[i].start
							      : regions[i].end));
			last = regions[i].end;
		}
		// Nothing in the list and nowhere got: no kernel does that.
		if (arg.walk_end <= arg.start)
			break;
	}
	if (takes_rest && last < end)
		SNAP_TRY(snap_ranges_append(ret, last, end));
	return SNAP_OK;
}

static snap_err scan_failed(uint64_t start, int error)
{
	return snap_error_os(error, "cannot scan for changed pages at %#lx",
			     (unsigned long)start);
}

/** Documentation/admin-guide/mm/soft-dirty.rst. */
#define ENTRY_SOFT_DIRTY (UINT64_C(1) << 55)

/**
 * A page that was given back and then only looked at is the kernel's page of zeros
 * (mm/memory.c, do_anonymous_page()), and has no such bit.
 */
static bool is_entry_clean(uint64_t entry, bool is_file)
{
	if (entry & ENTRY_SOFT_DIRTY)
		return false;
	if (is_file)
		return entry & SNAP_PAGE_PRESENT && snap_page_is_own(entry);
	return entry & (SNAP_PAGE_SWAPPED | SNAP_PAGE_EXCLUSIVE);
}

/** Without the ioctl: kernels that have soft-dirty bits, but not the category. */
static snap_err append_entries(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			       bool is_file, struct snap_ranges *ret)
{
	uint64_t entries[MOST];
	size_t page_size = tracee->page_size;
	while (start < end) {
		size_t nr = (end - start) / page_size;
		nr = nr < MOST ? nr : MOST;
		SNAP_TRY(snap_tracee_read_pagemap(tracee, start, nr, entries));
		for (size_t i = 0; i < nr; i++, start += page_size)
			if (!is_entry_clean(entries[i], is_file))
				SNAP_TRY(snap_ranges_append(ret, start,
							    start + page_size));
	}
	return SNAP_OK;
}

snap_err snap_tracee_find_dirty(struct snap_tracee *tracee, uint64_t start,
				uint64_t end, struct snap_page_question question,
				struct snap_ranges *ret)
{
	bool is_soft = question.note == SNAP_NOTE_SOFT_DIRTY;
	uint64_t note = is_soft ? PAGE_IS_SOFT_DIRTY : PAGE_IS_WRITTEN;
	// What is looked for is clean: not noted, in a watched mapping, and there.
	struct pm_scan_arg arg = {
		.start = start,
		.end = end,
		.category_inverted = note,
		.category_mask = note | (is_soft ? 0 : PAGE_IS_WPALLOWED),
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT,
	};
	if (is_soft) {
		arg.category_inverted |= PAGE_IS_PFNZERO;
		arg.category_mask |= PAGE_IS_PFNZERO;
	}
	if (question.is_file) {
		arg.category_inverted |= PAGE_IS_FILE;
		arg.category_mask |= PAGE_IS_FILE | PAGE_IS_PRESENT;
	}
	// Regions differ in whether they are present; the gaps between them are empty.
	int error = 0;
	size_t nr = ret->nr;
	if (!tracee->lacks_pagemap_scan) {
		SNAP_TRY(append_scan(tracee, arg, true, ret, &error));
		if (!error)
			return SNAP_OK;
		if (!is_soft || !is_unknown(error))
			return scan_failed(start, error);
	}
	tracee->reads_entries = is_soft;
	ret->nr = nr;
	return is_soft ? append_entries(tracee, start, end, question.is_file, ret)
		       : snap_ranges_append(ret, start, end);
}

/**
 * The kernel has a short way for just this question (fs/proc/task_mmu.c,
 * pagemap_scan_pmd_entry()).
 */
static snap_err find_written(struct snap_tracee *tracee, uint64_t flags, uint64_t start,
			     uint64_t end, struct snap_ranges *ret,
			     bool *ret_is_watched)
{
	struct pm_scan_arg arg = {
		.flags = flags | PM_SCAN_CHECK_WPASYNC,
		.start = start,
		.end = end,
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int error = 0;
	SNAP_TRY(append_scan(tracee, arg, false, ret, &error));
	*ret_is_watched = !error;
	return error && error != EPERM ? scan_failed(start, error) : SNAP_OK;
}

snap_err snap_tracee_find_written(struct snap_tracee *tracee, uint64_t start,
				  uint64_t end, struct snap_ranges *ret,
				  bool *ret_is_watched)
{
	return find_written(tracee, 0, start, end, ret, ret_is_watched);
}

snap_err snap_tracee_protect_all(struct snap_tracee *tracee, uint64_t start,
				 uint64_t end, struct snap_ranges *ret,
				 bool *ret_is_watched)
{
	return find_written(tracee, PM_SCAN_WP_MATCHING, start, end, ret,
			    ret_is_watched);
}

snap_err snap_tracee_protect(struct snap_tracee *tracee, uint64_t start, uint64_t end,
			     struct snap_ranges *ret)
{
	struct pm_scan_arg arg = {
		.flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC,
		.start = start,
		.end = end,
		.category_mask = PAGE_IS_WRITTEN,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_WRITTEN,
	};
	int error = 0;
	SNAP_TRY(append_scan(tracee, arg, false, ret, &error));
	return error ? snap_error_os(error, "cannot protect the pages at %#lx",
				     (unsigned long)start)
		     : SNAP_OK;
}

snap_err snap_tracee_clear_soft_dirty(struct snap_tracee *tracee)
{
	SNAP_TRY(snap_tracee_enter(tracee, "clear the soft-dirty bits"));
	_cleanup_close_ int fd =
		openat(tracee->proc_fd, "clear_refs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "4", 1) != 1)
		return snap_error_os(errno, "cannot clear the soft-dirty bits");
	return SNAP_OK;
}
