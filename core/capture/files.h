/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_FILES_H
#define SNAP_CAPTURE_FILES_H

#include "core/inject/room.h"
#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/**
 * Read the table of descriptors from outside: what each is, which share an open file,
 * what is in pipes.
 *
 * @param snapshot Its threads are there. Where descriptors cannot be captured, an
 *	omission says so.
 */
_must_check_ snap_err snap_capture_files(struct snap_tracee *tracee,
					 struct snap_snapshot *snapshot);

/** Ask the process who gets the signals of its open files (F_GETOWN_EX, F_GETSIG). */
_must_check_ snap_err snap_ask_file_owners(struct snap_room *room,
					   struct snap_borrowed *who,
					   struct snap_snapshot *snapshot);

#endif
