/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_FOREIGN_ADOPT_H
#define SNAP_FOREIGN_ADOPT_H

#include "core/base/notes.h"
#include "core/model/snapshot.h"

/**
 * Make of a core file that another program wrote a snapshot that a process can be made
 * of: what it does not say is assumed.
 *
 * SNAP_ERROR_REFUSED where there is too little to go by.
 *
 * @param assumptions Grows by what was assumed: sentences. What the new process has
 *	then is its own, or nothing.
 */
_must_check_ snap_err snap_foreign_adopt(struct snap_snapshot *snapshot,
					 struct snap_notes *assumptions);

#endif
