/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_WIDEN_H
#define SNAP_INJECT_WIDEN_H

#include "core/inject/room.h"

/**
 * Make a thread one that has room for the registers that the process of an image had
 * permission for (arch.h, wide_registers). Not only for what it shall have now: a
 * signal frame on its stack may have more.
 *
 * Permission and room stay; a thread that has them already loses the registers'
 * contents.
 *
 * @param room With code.
 */
_must_check_ snap_err snap_widen_thread(struct snap_borrowed *borrowed,
					const struct snap_room *room,
					const struct snap_snapshot *image);

#endif
