// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/guards.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/tracee/dirty.h"
#include "core/tracee/mappings.h"
#include "core/tracee/pages.h"

/** Newer than some headers (include/uapi/asm-generic/mman-common.h, Linux 6.13). */
#ifndef MADV_GUARD_INSTALL
#	define MADV_GUARD_INSTALL 102
#endif

/** The flags of a mapping of ours, by /proc/self/smaps. */
static uint32_t read_own_flags(FILE *smaps, uint64_t start)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	bool is_there = false;
	struct snap_vma vma = { 0 };
	while (getline(&line, &size, smaps) > 0 && !vma.flags) {
		uint64_t from, to;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &from, &to) == 2)
			is_there = from <= start && start < to;
		if (is_there)
			snap_smaps_parse_detail(line, &vma);
	}
	return vma.flags;
}

snap_err snap_kernel_tells_guards(bool *ret)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return &snap_enomem;
	*ret = false;
	FILE *smaps = madvise(page, size, MADV_GUARD_INSTALL)
			      ? NULL
			      : fopen("/proc/self/smaps", "re");
	if (smaps) {
		*ret = read_own_flags(smaps, (uint64_t)(uintptr_t)page) &
		       SNAP_VMA_MAY_GUARD;
		fclose(smaps);
	}
	munmap(page, size);
	return SNAP_OK;
}

/** Append a part of a mapping. */
static snap_err append_part(struct snap_vmas *vmas, const struct snap_vma *vma,
			    uint64_t start, uint64_t end, uint32_t more_flags)
{
	if (start >= end)
		return SNAP_OK;
	struct snap_vma part = *vma;
	part.start = start;
	part.end = end;
	part.flags &= ~(uint32_t)SNAP_VMA_MAY_GUARD;
	part.flags |= more_flags;
	if (vma->inode)
		part.offset += start - vma->start;
	part.name = strdup(vma->name);
	if (!part.name)
		return &snap_enomem;
	return snap_vmas_append(vmas, &part);
}

/** Append a mapping in parts: those that are guards and those between them. */
static snap_err append_split(struct snap_tracee *tracee, const struct snap_vma *vma,
			     struct snap_page_runs *runs, struct snap_vmas *ret)
{
	uint64_t done = vma->start;
	for (uint64_t at = vma->start; at < vma->end; at = runs->end) {
		SNAP_TRY(snap_tracee_scan_guards(tracee, at, vma->end, runs));
		for (size_t i = 0; i < runs->nr; i++) {
			const struct snap_page_run *run = &runs->list[i];
			SNAP_TRY(append_part(ret, vma, done, run->start, 0));
			SNAP_TRY(append_part(ret, vma, run->start, run->end,
					     SNAP_VMA_GUARD));
			done = run->end;
		}
	}
	return append_part(ret, vma, done, vma->end, 0);
}

/** Smaller mappings are looked through in no time. */
#define SMALL ((uint64_t)1 << 20)

/**
 * Whether the quick way tells what was written to in a mapping.
 *
 * @param ret Empty; what it tells.
 */
static snap_err ask_quickly(struct snap_tracee *tracee, const struct snap_vma *vma,
			    struct snap_ranges *ret, bool *ret_is_told)
{
	*ret_is_told = false;
	if (!tracee->trusts_writes || vma->flags & SNAP_VMA_UFFD ||
	    snap_vma_contents(vma) != SNAP_CONTENTS_ZERO ||
	    vma->end - vma->start < SMALL)
		return SNAP_OK;
	return snap_tracee_find_written(tracee, vma->start, vma->end, ret, ret_is_told);
}

/** Places that follow each other are one, with the nothing between them: that is free.
 */
static snap_err add_whole(const struct snap_vmas *vmas, size_t i,
			  struct snap_ranges *places)
{
	const struct snap_vma *vma = &vmas->list[i];
	const struct snap_range *last =
		places->nr ? &places->list[places->nr - 1] : NULL;
	bool follows = last && i && last->start + last->size == vma[-1].end;
	return snap_ranges_append(places, follows ? vma[-1].end : vma->start, vma->end);
}

/**
 * Add where in a mapping there may be guards. One counts as written to when it is made
 * (measured, Linux 6.18), and is not protected as long as it is there
 * (core/track/userfaultfd.c): to ask what was written to takes a tenth of the time that
 * it takes to look for guards.
 */
static snap_err add_places(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			   size_t i, struct snap_ranges *places)
{
	_cleanup_ranges_ struct snap_ranges written = { 0 };
	const struct snap_vma *vma = &vmas->list[i];
	bool is_told;
	// [vsyscall] is outside of what can be scanned.
	if (snap_vma_is_kernels(vma) ||
	    (tracee->tells_guards && !(vma->flags & SNAP_VMA_MAY_GUARD)))
		return SNAP_OK;
	SNAP_TRY(ask_quickly(tracee, vma, &written, &is_told));
	if (!is_told)
		return add_whole(vmas, i, places);
	SNAP_TRY(snap_ranges_append(&tracee->told.asked, vma->start, vma->end));
	SNAP_TRY(snap_ranges_append_some(&tracee->told.written, &written, vma->start,
					 vma->end));
	return snap_ranges_append_some(places, &written, vma->start, vma->end);
}

/** Whether there are guards in one of the places. */
static snap_err has_guards(struct snap_tracee *tracee, const struct snap_ranges *places,
			   struct snap_page_runs *runs, bool *ret)
{
	*ret = false;
	for (size_t i = 0; i < places->nr; i++) {
		uint64_t at = places->list[i].start;
		uint64_t end = at + places->list[i].size;
		for (; at < end && !*ret; at = runs->end) {
			SNAP_TRY(snap_tracee_scan_guards(tracee, at, end, runs));
			*ret = runs->nr;
		}
	}
	return SNAP_OK;
}

snap_err snap_tracee_split_guards(struct snap_tracee *tracee, struct snap_vmas *vmas)
{
	_cleanup_free_ struct snap_page_runs *runs = malloc(sizeof(*runs));
	if (!runs)
		return &snap_enomem;
	snap_ranges_deinit(&tracee->told.asked);
	snap_ranges_deinit(&tracee->told.written);
	_cleanup_ranges_ struct snap_ranges places = { 0 };
	for (size_t i = 0; i < vmas->nr; i++)
		SNAP_TRY(add_places(tracee, vmas, i, &places));
	bool is_needed;
	SNAP_TRY(has_guards(tracee, &places, runs, &is_needed));
	for (size_t i = 0; i < vmas->nr && !is_needed; i++)
		vmas->list[i].flags &= ~(uint32_t)SNAP_VMA_MAY_GUARD;
	if (!is_needed)
		return SNAP_OK;
	_cleanup_vmas_ struct snap_vmas split = { 0 };
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (snap_vma_is_kernels(vma))
			SNAP_TRY(append_part(&split, vma, vma->start, vma->end, 0));
		else
			SNAP_TRY(append_split(tracee, vma, runs, &split));
	}
	struct snap_vmas whole = *vmas;
	*vmas = split;
	split = whole;
	return SNAP_OK;
}
