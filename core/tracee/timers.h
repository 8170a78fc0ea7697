/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_TIMERS_H
#define SNAP_TRACEE_TIMERS_H

#include "core/model/timers.h"
#include "core/tracee/tracee.h"

/**
 * Which timers a process has (/proc/PID/timers), without how they are set. Where the
 * kernel does not tell (CONFIG_CHECKPOINT_RESTORE), is_list_captured stays false.
 *
 * @param timers Empty.
 */
_must_check_ snap_err snap_tracee_read_timers(struct snap_tracee *tracee,
					      struct snap_timers *timers);

#endif
