#ifndef SNAP_INJECT_WIDEN_H
#define SNAP_INJECT_WIDEN_H

#include "core/inject/room.h"

/**
 * Make a thread, that was borrowed narrow, one that can be landed as `wanted`
 * (arch.h, is_wide). The room it has made stays: nobody sees it.
 *
 * @param room With code.
 */
_must_check_ snap_err snap_widen_thread(struct snap_borrowed *borrowed,
					const struct snap_room *room,
					const struct snap_thread *wanted);

#endif
