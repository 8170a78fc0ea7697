/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACK_TRIAL_H
#define SNAP_TRACK_TRIAL_H

#include "core/inject/room.h"

/** What a trial in the process has shown. */
struct snap_trial {
	/** Why the kernel's notes cannot be trusted: a part of a sentence. NULL: they
	 * can.
	 */
	const char *why;
	/** As in struct snap_tracker. */
	bool is_careful;
	bool keeps_protection;
};

/**
 * Try a userfaultfd in memory of our own in the process: a page that it stores to, one
 * that the kernel and one that a debugger writes to, one that is given back and one
 * that is moved have to be told of, others not.
 *
 * @param table_span How much memory a table of pages tells of.
 */
_must_check_ snap_err snap_try_userfaultfd(struct snap_borrowed *who,
					   const struct snap_snapshot *process,
					   int uffd, uint64_t table_span,
					   struct snap_trial *ret);

#endif
