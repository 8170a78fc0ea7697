/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_PROGRESS_H
#define SNAP_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/** Who is told how far a long piece of work has come. { 0 } tells nobody. */
struct snap_progress {
	/**
	 * @param phase What is being done: "Reading memory".
	 * @param done,total In bytes, steps or threads; total 0: not known.
	 * @return false to stop: the work ends with SNAP_ERROR_INTERRUPTED.
	 */
	bool (*report)(void *context, const char *phase, uint64_t done, uint64_t total);
	void *context;
};

/** Report; SNAP_ERROR_INTERRUPTED when the user wants to stop. `progress` may be NULL.
 */
_must_check_ static inline snap_err snap_progress_report(
	const struct snap_progress *progress, const char *phase, uint64_t done,
	uint64_t total)
{
	if (progress && progress->report &&
	    !progress->report(progress->context, phase, done, total))
		return snap_error_create(SNAP_ERROR_INTERRUPTED, "interrupted");
	return SNAP_OK;
}

#endif
