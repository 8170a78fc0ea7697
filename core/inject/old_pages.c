// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/old_pages.h"

#include "core/tracee/memory.h"

/** Zeros for a page that cannot be read are not what was there. */
static snap_err read_pages(struct snap_memory *memory, struct snap_tracee *tracee,
			   uint64_t start, size_t size)
{
	uint8_t *place;
	SNAP_TRY(snap_memory_append(memory, start, size, &place));
	snap_err error = snap_tracee_read(tracee, start, place, size);
	if (error)
		snap_memory_drop_last(memory, size);
	return error;
}

/** A page of which nothing is known must not be written back. */
static snap_err drop_on_error(struct snap_old_pages *old, snap_err error)
{
	if (error)
		snap_fills_drop(&old->fills);
	return error;
}

snap_err snap_old_pages_keep(struct snap_old_pages *old, struct snap_tracee *tracee,
			     uint64_t start, const uint8_t *live, size_t size)
{
	if (live)
		return drop_on_error(old,
				     snap_fills_append(&old->fills, start, live, size));
	SNAP_TRY(snap_old_pages_finish(old));
	return read_pages(old->memory, tracee, start, size);
}

snap_err snap_old_pages_finish(struct snap_old_pages *old)
{
	return drop_on_error(old, snap_fills_finish(&old->fills));
}
