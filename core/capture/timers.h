/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_TIMERS_H
#define SNAP_CAPTURE_TIMERS_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"

/** Ask how all timers are set; which there are has been read. */
_must_check_ snap_err snap_ask_timers(struct snap_room *room, struct snap_borrowed *who,
				      struct snap_snapshot *snapshot);

#endif
