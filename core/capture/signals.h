/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_SIGNALS_H
#define SNAP_CAPTURE_SIGNALS_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"
#include "core/tracee/proc.h"

/** Read what is pending for the process, and how much may be. */
_must_check_ snap_err snap_capture_signals(struct snap_tracee *tracee,
					   const struct snap_proc_status *status,
					   struct snap_snapshot *snapshot);

/** Ask for the actions of all signals, by rt_sigaction(2). */
_must_check_ snap_err snap_ask_actions(struct snap_room *room,
				       struct snap_borrowed *who,
				       struct snap_snapshot *snapshot);

#endif
