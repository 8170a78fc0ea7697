/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_WRITES_H
#define SNAP_TRACEE_WRITES_H

#include <stdbool.h>

#include "core/tracee/tracee.h"

/**
 * @file
 * A userfaultfd(2) of ours in the process, with asynchronous write protection: the
 * kernel takes the protection off a page when it is written to, and nobody waits.
 *
 * The process makes it and forgets it; closing ours takes everything off.
 */

/**
 * Take over what the process has made.
 *
 * @param number The process's descriptor.
 * @param[out] ret Ours. SNAP_ERROR_UNSUPPORTED where the kernel does not give it to us,
 *	or has no asynchronous write protection.
 */
_must_check_ snap_err snap_writes_take(struct snap_tracee *tracee, int number,
				       int *ret);

/**
 * Watch the mappings from `start` to `end`. No page is protected by this; where they
 * are watched already, nothing happens.
 *
 * @param[out] ret false: the kernel does not let us, as when somebody else watches
 * them, or when there would be too many mappings.
 */
_must_check_ snap_err snap_writes_watch(struct snap_tracee *tracee, int uffd,
					uint64_t start, uint64_t end, bool *ret);

/**
 * Whether the process has still the memory that the userfaultfd is of: it has not after
 * an exec.
 *
 * @param page Of any mapping: it loses its protection, if it has any.
 */
_must_check_ snap_err snap_writes_is_alive(struct snap_tracee *tracee, int uffd,
					   uint64_t page, bool *ret);

/** Take the protection off all pages. */
_must_check_ snap_err snap_writes_unprotect(struct snap_tracee *tracee, int uffd,
					    uint64_t start, uint64_t end);

#endif
