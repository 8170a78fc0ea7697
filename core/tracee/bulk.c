// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/bulk.h"

#include <string.h>
#include <sys/uio.h>

#include "core/base/lanes.h"
#include "core/model/page.h"

/** Pieces that are written in one go. */
#define MOST 256
/** A thread more has to be worth its start, in bytes. */
#define WORTH ((uint64_t)4 << 20)

/** One way over all parts. */
struct passage {
	const struct snap_bulk *bulk;
	struct snap_tracee *tracee;
	/** Of each part: it is left to be done in another way. */
	uint8_t *is_left;
	/** SNAP_RUN_MAX bytes of each lane; NULL: not needed. */
	uint8_t *space;
	_Atomic uint64_t bytes_written;
};

void snap_bulk_deinit(struct snap_bulk *bulk)
{
	free(bulk->parts);
	*bulk = (struct snap_bulk){ 0 };
}

snap_err snap_bulk_add(struct snap_bulk *bulk, uint64_t start, const uint8_t *bytes,
		       uint64_t size)
{
	for (uint64_t at = 0, here; at < size; at += here) {
		here = size - at < SNAP_RUN_MAX ? size - at : SNAP_RUN_MAX;
		if (!(bulk->nr & (bulk->nr - 1))) {
			struct snap_part *parts =
				reallocarray(bulk->parts, bulk->nr ? bulk->nr * 2 : 1,
					     sizeof(*parts));
			if (!parts)
				return &snap_enomem;
			bulk->parts = parts;
		}
		// What is written is only read here.
		bulk->parts[bulk->nr++] =
			(struct snap_part){ start + at,
					    (uint8_t *)(uintptr_t)bytes + at, here };
	}
	bulk->size += size;
	return SNAP_OK;
}

static snap_err run(const struct passage *passage,
		    snap_err (*step)(void *context, const struct snap_lane *lane,
				     uint64_t *done),
		    const struct snap_progress *progress, const char *phase)
{
	const struct snap_bulk *bulk = passage->bulk;
	struct snap_lanes lanes = {
		.step = step,
		.context = (void *)(uintptr_t)passage,
		.nr_pieces = bulk->nr,
		.progress = progress,
		.phase = phase,
		.total = bulk->size,
	};
	return snap_lanes_run(&lanes, 1 + bulk->size / WORTH);
}

/** Write pieces in one call; false: not all of it was. */
static bool put(const struct snap_tracee *tracee, const struct iovec *ours,
		const struct iovec *theirs, size_t nr, size_t size)
{
	return !nr ||
	       process_vm_writev(tracee->pid, ours, nr, theirs, nr, 0) == (ssize_t)size;
}

bool snap_bulk_put(const struct snap_tracee *tracee, const struct snap_part *part,
		   uint64_t *bytes_written)
{
	struct iovec ours[MOST], theirs[MOST];
	size_t nr = 0, size = 0, at = 0, end;
	uint8_t *bytes = part->bytes;
	for (; (end = snap_pages_next_run(bytes, part->size, &at)) > at; at = end) {
		ours[nr] = (struct iovec){ bytes + at, end - at };
		theirs[nr++] = (struct iovec){ (void *)(uintptr_t)(part->start + at),
					       end - at };
		size += end - at;
		*bytes_written += end - at;
		if (nr < MOST)
			continue;
		if (!put(tracee, ours, theirs, nr, size))
			return false;
		nr = size = 0;
	}
	return put(tracee, ours, theirs, nr, size);
}

static snap_err fill(void *context, const struct snap_lane *lane, uint64_t *done)
{
	struct passage *passage = context;
	const struct snap_part *part = &passage->bulk->parts[lane->index];
	uint64_t written = 0;
	passage->is_left[lane->index] = !snap_bulk_put(passage->tracee, part, &written);
	atomic_fetch_add(&passage->bytes_written, written);
	*done += part->size;
	return SNAP_OK;
}

static snap_err compare(void *context, const struct snap_lane *lane, uint64_t *done)
{
	struct passage *passage = context;
	const struct snap_part *part = &passage->bulk->parts[lane->index];
	uint8_t *bytes = passage->space + lane->number * SNAP_RUN_MAX;
	const struct iovec ours = { bytes, part->size };
	const struct iovec theirs = { (void *)(uintptr_t)part->start, part->size };
	passage->is_left[lane->index] =
		process_vm_readv(passage->tracee->pid, &ours, 1, &theirs, 1, 0) !=
			(ssize_t)part->size ||
		memcmp(bytes, part->bytes, part->size);
	*done += part->size;
	return SNAP_OK;
}

snap_err snap_bulk_fill(const struct snap_bulk *bulk, struct snap_tracee *tracee,
			const struct snap_progress *progress, const char *phase,
			uint64_t *bytes_written)
{
	if (!bulk->nr)
		return SNAP_OK;
	_cleanup_free_ uint8_t *is_left = malloc(bulk->nr);
	if (!is_left)
		return &snap_enomem;
	struct passage passage = { bulk, tracee, is_left, NULL, 0 };
	SNAP_TRY(snap_tracee_enter(tracee, "write memory at %#lx",
				   (unsigned long)bulk->parts[0].start));
	SNAP_TRY(run(&passage, fill, progress, phase));
	// That honours the protection of pages, and kernels may be built without it.
	for (size_t i = 0; i < bulk->nr; i++)
		if (is_left[i])
			SNAP_TRY(snap_tracee_write_parts(tracee, &bulk->parts[i], 1));
	*bytes_written += passage.bytes_written;
	return SNAP_OK;
}

snap_err snap_bulk_compare(const struct snap_bulk *bulk, struct snap_tracee *tracee,
			   const struct snap_progress *progress, const char *phase,
			   uint8_t *ret_differ)
{
	if (!bulk->nr)
		return SNAP_OK;
	_cleanup_free_ uint8_t *space = malloc(SNAP_LANES_MAX * SNAP_RUN_MAX);
	if (!space)
		return &snap_enomem;
	const struct passage passage = { bulk, tracee, ret_differ, space, 0 };
	SNAP_TRY(snap_tracee_enter(tracee, "read memory at %#lx",
				   (unsigned long)bulk->parts[0].start));
	return run(&passage, compare, progress, phase);
}
