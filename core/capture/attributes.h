#ifndef SNAP_CAPTURE_ATTRIBUTES_H
#define SNAP_CAPTURE_ATTRIBUTES_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"

/**
 * @file
 * The attributes that the kernel tells only to who has them. What it does not know is
 * left unknown.
 */

_must_check_ snap_err snap_ask_process_attributes(struct snap_room *room,
						  struct snap_borrowed *who,
						  struct snap_snapshot *snapshot);

_must_check_ snap_err snap_ask_thread_attributes(struct snap_room *room,
						 struct snap_borrowed *borrowed,
						 struct snap_thread *thread);

#endif
