/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_ASK_H
#define SNAP_CAPTURE_ASK_H

#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Ask the process for what only it can tell: every thread is borrowed and makes system
 * calls that change nothing (promise 3).
 *
 * @param snapshot Its vmas and threads, the latter with their registers, are there.
 */
_must_check_ snap_err snap_ask_process(struct snap_tracee *tracee,
				       struct snap_snapshot *snapshot);

#endif
