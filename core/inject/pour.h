/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_POUR_H
#define SNAP_INJECT_POUR_H

#include "core/image/unread.h"
#include "core/inject/borrow.h"
#include "core/model/ranges.h"

/**
 * New memory of a process, whose pages come with their bytes (UFFDIO_COPY of
 * ioctl_userfaultfd(2)): they are neither cleared first nor looked up, which takes half
 * of the time that process_vm_writev(2) takes. Nobody else may touch it meanwhile.
 */
struct snap_pour {
	/** Whose mappings these are; -1: there are none. */
	int uffd;
	/** Where it can be done: whole mappings. */
	struct snap_ranges ranges;
};

/**
 * Begin, with the mappings that have something unread, and that stay what they are when
 * it has ended: the kernel joins neighbours that agree. Where the kernel or the process
 * does not let us, there are none.
 */
_must_check_ snap_err snap_pour_begin(struct snap_pour *pour, struct snap_borrowed *who,
				      const struct snap_vmas *vmas,
				      const struct snap_unread *unread);

/** End it: the mappings are as they were before. Takes what was never begun. */
void snap_pour_end(struct snap_pour *pour);
#define _cleanup_pour_ _cleanup_(snap_pour_end)

/** Whether it can be done from `start` to before `end`. For any thread. */
bool snap_pour_has(const struct snap_pour *pour, uint64_t start, uint64_t end);

/**
 * Make pages. For any thread.
 *
 * @return false: not all of them, and some may have been made.
 */
bool snap_pour_put(const struct snap_pour *pour, uint64_t start, const uint8_t *bytes,
		   uint64_t size);

#endif
