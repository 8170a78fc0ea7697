/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_LAND_H
#define SNAP_SESSION_LAND_H

#include "core/session/session.h"

/**
 * For tests of what an image of another machine makes of a process: land one stopped
 * thread (target->current_tid) with the floating-point and vector registers that a
 * thread had in any snapshot. Its other registers, and its memory, stay its own: it
 * goes on from where it is.
 *
 * It does what a restore does with registers, by the same functions: the verdict, which
 * refuses before anything is touched; the new layout; the frame; reading it all back.
 */
_must_check_ snap_err snap_session_land(const struct snap_target *target,
					const struct snap_snapshot *snapshot,
					pid_t saved_tid,
					enum snap_compat_mode fpu_mode);

#endif
