/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACK_OBSTACLES_H
#define SNAP_TRACK_OBSTACLES_H

#include "core/track/tracker.h"

/**
 * What in a process forbids a rung: somebody may write to its memory unnoticed, or the
 * rung would be in the program's way.
 *
 * @param process The live process: its vmas and files.
 * @return A part of a sentence, static; NULL: nothing.
 */
const char *snap_find_obstacle(const struct snap_snapshot *process,
			       enum snap_rung rung);

#endif
