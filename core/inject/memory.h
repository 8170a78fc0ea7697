/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_MEMORY_H
#define SNAP_INJECT_MEMORY_H

#include "core/base/progress.h"
#include "core/capture/rseq.h"
#include "core/inject/room.h"
#include "core/model/snapshot.h"

/** Brings the contents of memory back to what a snapshot says. */
struct snap_rewinder {
	/** Who drops pages, and where. Not owned. */
	struct snap_borrowed *worker;
	struct snap_room *room;
	/** What shall be, and what was before the first step. Not owned. */
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	/** Bytes that are not the program's (kernel, debugger): sorted. Not owned. */
	const struct snap_range *skips;
	size_t nr_skips;
	const struct snap_progress *progress;
	/** The only pages that may not be as they shall be; NULL: all. Not owned. */
	const struct snap_ranges *only;
	/** It will be verified: what goes straight from an image is compared at once.
	 */
	bool verifies;
	/** Of each extent that went straight: bytes of pages made and compared. */
	uint64_t *poured;
	/** What was there before, for the undo. */
	struct snap_memory old;
	uint64_t bytes_compared;
	uint64_t bytes_written;
};

void snap_rewinder_deinit(struct snap_rewinder *rewinder);
#define _cleanup_rewinder_ _cleanup_(snap_rewinder_deinit)

/** Write every page that differs. The mappings are there already. */
_must_check_ snap_err snap_rewind_memory(struct snap_rewinder *rewinder);

/** Read all again; SNAP_ERROR_MISMATCH names the first byte that is not as it shall be.
 */
_must_check_ snap_err snap_verify_memory(struct snap_rewinder *rewinder);

/** An error: the page at an address is not as it shall be. */
_must_check_ _never_null_ snap_err
snap_rewinder_mismatch(const struct snap_rewinder *rewinder, uint64_t address);

/** Write back what snap_rewind_memory() has changed, as far as it came. */
_must_check_ snap_err snap_unwind_memory(struct snap_rewinder *rewinder);

#endif
