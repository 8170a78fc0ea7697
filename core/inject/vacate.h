/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_VACATE_H
#define SNAP_INJECT_VACATE_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Empty a new process for an image: all that it has mapped goes but what is the
 * kernel's, which is moved to where the image has it, or out of the way if the image is
 * of another kernel; heap, stack, arguments and auxiliary vector begin where the image
 * says; it gets shared memory for that of the image (core/plan/revival_shared.h); and
 * what a process can only be given and never loses is given to it (membarrier
 * registrations, protection keys).
 *
 * There is no way back: on an error the process is good for nothing but to be killed.
 *
 * @param live As snap_capture_process() has read it. Its main thread does the work, and
 *	stands where nothing is afterwards.
 */
_must_check_ snap_err snap_vacate(struct snap_tracee *tracee,
				  const struct snap_snapshot *image,
				  const struct snap_snapshot *live);

#endif
