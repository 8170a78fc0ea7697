/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_ARENA_H
#define SNAP_INJECT_ARENA_H

#include "core/inject/restorer.h"

/**
 * Map the plan's arena: the room for system calls and frames, and behind it the place
 * for what is parked.
 */
_must_check_ snap_err snap_arena_map(struct snap_restorer *restorer);

/** Drop the arena with what is parked in it: there is no way back. */
_must_check_ snap_err snap_arena_unmap(struct snap_restorer *restorer);

#endif
