/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_UNDO_H
#define SNAP_INJECT_UNDO_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** The most numbers that an undo needs. */
#define SNAP_UNDO_VALUES 3

struct snap_restorer;
struct snap_step;

/** Brings back what a step has changed. */
typedef snap_err snap_undo_fn(struct snap_restorer *restorer,
			      const struct snap_step *step,
			      const uint64_t values[SNAP_UNDO_VALUES]);

struct snap_undo_entry {
	/** Completes "could not …": "put back the heap's end". */
	const char *what;
	snap_undo_fn *run;
	/** Not owned; NULL where there is none. */
	const struct snap_step *step;
	uint64_t values[SNAP_UNDO_VALUES];
};

/** What has been done to a process, newest last; each knows how it is undone. */
struct snap_undo {
	struct snap_undo_entry *entries;
	size_t nr;
};

void snap_undo_deinit(struct snap_undo *undo);
#define _cleanup_undo_ _cleanup_(snap_undo_deinit)

/** Make sure that the next `nr` pushes cannot fail: call it before the changes. */
_must_check_ snap_err snap_undo_reserve(struct snap_undo *undo, size_t nr);

/** Remember a change that has been made. There is room: snap_undo_reserve(). */
void snap_undo_push(struct snap_undo *undo, const struct snap_undo_entry *entry);

/**
 * Undo everything, newest first, all of it even where a piece fails, and empty the
 *list.
 *
 * @param cause Why; consumed.
 * @return `cause`; or, when something could not be undone, SNAP_ERROR_UNDO that says
 *what is in which state.
 */
_must_check_ snap_err snap_undo_run(struct snap_undo *undo,
				    struct snap_restorer *restorer, snap_err cause);

#endif
