/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_FOREIGN_CORE_H
#define SNAP_FOREIGN_CORE_H

#include <elf.h>

#include "core/model/snapshot.h"

/** The notes of a core file into a snapshot whose arch is set; its mappings are there.
 */
_must_check_ snap_err snap_core_take_notes(struct snap_snapshot *snapshot,
					   const uint8_t *data, size_t size);

/** All notes are there: is it a process? Names what is known only now. */
_must_check_ snap_err snap_core_finish(struct snap_snapshot *snapshot);

/**
 * Memory is there, too: which build-ids the mapped files have, and which one of them is
 * the executable. A file whose first page is not in the core file has none.
 */
_must_check_ snap_err snap_core_identify_files(struct snap_snapshot *snapshot);

#endif
