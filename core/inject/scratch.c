// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/scratch.h"

#include "core/tracee/memory.h"
#include "core/tracee/pages.h"

/** Whether the bytes lie in one page that exists, is private and may be written. */
static snap_err is_usable(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			  uint64_t address, bool *ret)
{
	*ret = false;
	const struct snap_vma *vma = snap_vmas_find(vmas, address);
	uint64_t page = snap_page_down(address, tracee->page_size);
	if (!vma || !(vma->prot & SNAP_VMA_WRITE) || vma->prot & SNAP_VMA_SHARED ||
	    vma->pkey ||
	    vma->flags & (SNAP_VMA_DEVICE | SNAP_VMA_UFFD | SNAP_VMA_HUGETLB |
			  SNAP_VMA_SHADOW_STACK) ||
	    address + SNAP_SCRATCH_SIZE > page + tracee->page_size)
		return SNAP_OK;
	uint64_t entry;
	SNAP_TRY(snap_tracee_read_pagemap(tracee, page, 1, &entry));
	*ret = snap_page_is_own(entry);
	return SNAP_OK;
}

/** The place below a thread's stack pointer; 0: there is none. */
static snap_err find_below_stack(struct snap_tracee *tracee,
				 const struct snap_vmas *vmas, uint64_t sp,
				 uint64_t *ret)
{
	uint64_t address =
		(sp - tracee->arch->red_zone - SNAP_SCRATCH_SIZE) & ~UINT64_C(15);
	bool usable;
	SNAP_TRY(is_usable(tracee, vmas, address, &usable));
	*ret = usable ? address : 0;
	return SNAP_OK;
}

/** How far a mapping is searched: programs reserve terabytes and use little of them. */
#define SEARCH_SIZE ((uint64_t)64 << 20)

/** A page of the process's own near a mapping's beginning; 0: there is none. */
static snap_err find_in(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			const struct snap_vma *vma, uint64_t *ret)
{
	uint64_t end =
		snap_vma_size(vma) > SEARCH_SIZE ? vma->start + SEARCH_SIZE : vma->end;
	_cleanup_free_ struct snap_page_runs *runs = malloc(sizeof(*runs));
	if (!runs)
		return &snap_enomem;
	*ret = 0;
	for (uint64_t at = vma->start; at < end && !*ret; at = runs->end) {
		SNAP_TRY(snap_tracee_scan(tracee, at, end, runs));
		bool usable = false;
		for (size_t i = 0; i < runs->nr && !usable; i++) {
			if (!runs->list[i].is_own)
				continue;
			SNAP_TRY(is_usable(tracee, vmas, runs->list[i].start, &usable));
			*ret = usable ? runs->list[i].start : 0;
		}
	}
	return SNAP_OK;
}

/** Any page of the process's own; 0: there is none. Slower, and seldom needed. */
static snap_err find_anywhere(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			      uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < vmas->nr && !*ret; i++)
		if (vmas->list[i].prot & SNAP_VMA_WRITE)
			SNAP_TRY(find_in(tracee, vmas, &vmas->list[i], ret));
	return SNAP_OK;
}

snap_err snap_scratch_init(struct snap_scratch *scratch, struct snap_tracee *tracee,
			   const struct snap_snapshot *process)
{
	uint64_t address = 0;
	for (size_t i = 0; i < process->nr_threads && !address; i++)
		SNAP_TRY(find_below_stack(tracee, &process->vmas,
					  tracee->arch->sp(&process->threads[i]),
					  &address));
	if (!address)
		SNAP_TRY(find_anywhere(tracee, &process->vmas, &address));
	if (!address)
		return snap_error_create(
			SNAP_ERROR_UNSUPPORTED,
			"process %d has no %d bytes of memory to borrow",
			(int)tracee->pid, SNAP_SCRATCH_SIZE);
	struct snap_scratch made = { .address = address };
	SNAP_TRY(snap_tracee_read(tracee, address, made.saved, sizeof(made.saved)));
	made.tracee = tracee;
	*scratch = made;
	return SNAP_OK;
}

snap_err snap_scratch_return(struct snap_scratch *scratch)
{
	SNAP_TRY(snap_tracee_write(scratch->tracee, scratch->address, scratch->saved,
				   sizeof(scratch->saved)));
	scratch->tracee = NULL;
	return SNAP_OK;
}

void snap_scratch_deinit(struct snap_scratch *scratch)
{
	if (scratch->tracee) {
		_cleanup_error_ snap_err ignored = snap_scratch_return(scratch);
		(void)ignored;
	}
}
