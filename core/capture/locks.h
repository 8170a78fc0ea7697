/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_LOCKS_H
#define SNAP_CAPTURE_LOCKS_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"

/**
 * Find out whether new mappings are locked in memory, mlockall(MCL_FUTURE): the room is
 * one. Where there is none of our own, that stays unknown.
 */
_must_check_ snap_err snap_ask_locks(struct snap_room *room, struct snap_borrowed *who,
				     struct snap_snapshot *snapshot);

#endif
