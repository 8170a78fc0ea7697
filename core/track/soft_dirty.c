// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The second rung: the soft-dirty bits of Documentation/admin-guide/mm/soft-dirty.rst.
 * Writing 4 to clear_refs clears them all, and the kernel sets them as pages are
 * written to. Some kernels take the 4 and have no such bits: hence the trial.
 *
 * Anybody may clear them, and would make us blind. So one page is written to right
 * after the mark, its contents unchanged: its bit is set as long as nobody has.
 */
#include <string.h>

#include "core/tracee/dirty.h"
#include "core/tracee/memory.h"
#include "core/track/rungs.h"

static const struct snap_page_question question = { .note = SNAP_NOTE_SOFT_DIRTY };

/** The last page of the main thread's stack: there from the first to the last moment.
 */
static uint64_t find_canary(const struct snap_tracee *tracee,
			    const struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++)
		if (!strcmp(vmas->list[i].name, "[stack]"))
			return vmas->list[i].end - tracee->page_size;
	return 0;
}

static snap_err is_dirty(struct snap_tracee *tracee, uint64_t page, bool *ret)
{
	_cleanup_ranges_ struct snap_ranges ranges = { 0 };
	SNAP_TRY(snap_tracee_find_dirty(tracee, page, page + tracee->page_size,
					question, &ranges));
	*ret = ranges.nr;
	return SNAP_OK;
}

/** A write that changes nothing. */
static snap_err touch(struct snap_tracee *tracee, uint64_t page)
{
	uint8_t byte;
	SNAP_TRY(snap_tracee_read(tracee, page, &byte, 1));
	return snap_tracee_write(tracee, page, &byte, 1);
}

static snap_err start(struct snap_tracee *tracee, const struct snap_snapshot *process,
		      struct snap_tracker *tracker, const char **ret_why)
{
	uint64_t canary = find_canary(tracee, &process->vmas);
	if (!canary) {
		*ret_why = "the process has no stack for a trial";
		return SNAP_OK;
	}
	_cleanup_error_ snap_err error = snap_tracee_clear_soft_dirty(tracee);
	if (error) {
		*ret_why = "the kernel does not let us clear the bits";
		return SNAP_OK;
	}
	bool is_clean, was_noted = false;
	SNAP_TRY(is_dirty(tracee, canary, &is_clean));
	is_clean = !is_clean;
	SNAP_TRY(touch(tracee, canary));
	SNAP_TRY(is_dirty(tracee, canary, &was_noted));
	*ret_why = is_clean && was_noted ? NULL : "the kernel has no such bits";
	if (*ret_why)
		return SNAP_OK;
	tracker->canary = canary;
	// core/tracee/dirty.c, is_entry_clean()
	tracker->is_blind_to_shared = tracee->reads_entries;
	return SNAP_OK;
}

static snap_err check(struct snap_tracker *tracker, struct snap_tracee *tracee,
		      bool *ret)
{
	return is_dirty(tracee, tracker->canary, ret);
}

static snap_err changed(struct snap_tracker *tracker, struct snap_tracee *tracee,
			const struct snap_vma *vma, const struct snap_writes_told *told,
			struct snap_ranges *ret)
{
	// A page that is merged with others loses its bit (mm/ksm.c, replace_page()).
	if (vma->flags & SNAP_VMA_MERGEABLE)
		return snap_ranges_append(ret, vma->start, vma->end);
	struct snap_page_question about = question;
	about.is_file = snap_vma_contents(vma) == SNAP_CONTENTS_FILE;
	return snap_tracee_find_dirty(tracee, vma->start, vma->end, about, ret);
}

static snap_err mark(struct snap_tracker *tracker, struct snap_tracee *tracee,
		     const struct snap_vmas *vmas, const struct snap_ranges *ranges,
		     struct snap_ranges *ret_there)
{
	SNAP_TRY(snap_tracee_clear_soft_dirty(tracee));
	return touch(tracee, tracker->canary);
}

const struct snap_rung_ops snap_rung_soft_dirty = {
	.name = "soft-dirty",
	.start = start,
	.check = check,
	.changed = changed,
	.mark = mark,
};
