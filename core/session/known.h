/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_KNOWN_H
#define SNAP_SESSION_KNOWN_H

#include "core/capture/task_book.h"
#include "core/model/cpu.h"
#include "core/tracee/vma_book.h"

/**
 * What need not be found out again for the next verb: of this machine, and of the
 * process that the last verb was about. Zero-initialise; snap_known_deinit().
 */
struct snap_known {
	/** Empty: not described yet. */
	struct snap_cpu machine;
	/** Of the kernel, described with the machine: snap_tracee.tells_guards. */
	bool tells_guards;
	struct snap_vma_program vma_program;
	/** NULL: none. */
	struct snap_vma_book *vma_book;
	struct snap_task_programs task_programs;
	/** Of the same process as the book. */
	struct snap_task_book task_book;
};

void snap_known_deinit(struct snap_known *known);

/** Let a tracee use it. `known` outlives the tracee, and is not used by others then. */
_must_check_ snap_err snap_known_use(struct snap_known *known,
				     struct snap_tracee *tracee);

#endif
