/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_WRITES_H
#define SNAP_TRACEE_WRITES_H

#include <linux/userfaultfd.h>
#include <stdbool.h>

#include "core/tracee/tracee.h"

/**
 * @file
 * A userfaultfd(2) of ours in the process, with asynchronous write protection: the
 * kernel takes the protection off a page when it is written to, and nobody waits.
 *
 * The process makes it and forgets it (core/inject/userfaultfd.h); closing ours takes
 * everything off.
 */

/** Newer than the headers of Debian 12 (include/uapi/linux/userfaultfd.h). */
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#	define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#	define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

/**
 * What the userfaultfd has to be made with. Nothing about REMAP, FORK or UNMAP: a moved
 * mapping, and a child's, is not watched any more, and nobody has to be told.
 */
#define SNAP_WRITES_FEATURES                                            \
	(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED | \
	 UFFD_FEATURE_WP_ASYNC)

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
