#include "core/tracee/guards.h"

#include <string.h>

#include "core/tracee/pages.h"

/** Append a part of a mapping. */
static snap_err append_part(struct snap_vmas *vmas, const struct snap_vma *vma,
			    uint64_t start, uint64_t end, uint32_t more_flags)
{
	if (start >= end)
		return SNAP_OK;
	struct snap_vma part = *vma;
	part.start = start;
	part.end = end;
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

/** Ask once for the whole address space: most processes have none. */
static snap_err has_guards(struct snap_tracee *tracee, const struct snap_vmas *vmas,
			   struct snap_page_runs *runs, bool *ret)
{
	*ret = false;
	// The last may be [vsyscall], which is outside of what can be scanned.
	size_t last = vmas->nr;
	while (last && snap_vma_is_kernels(&vmas->list[last - 1]))
		last--;
	uint64_t end = last ? vmas->list[last - 1].end : 0;
	for (uint64_t at = last ? vmas->list[0].start : 0; at < end && !*ret;
	     at = runs->end) {
		SNAP_TRY(snap_tracee_scan_guards(tracee, at, end, runs));
		*ret = runs->nr;
	}
	return SNAP_OK;
}

snap_err snap_tracee_split_guards(struct snap_tracee *tracee, struct snap_vmas *vmas)
{
	_cleanup_free_ struct snap_page_runs *runs = malloc(sizeof(*runs));
	if (!runs)
		return &snap_enomem;
	bool is_needed;
	SNAP_TRY(has_guards(tracee, vmas, runs, &is_needed));
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
