/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_NAMES_H
#define SNAP_UNWIND_NAMES_H

#include "core/model/snapshot.h"

/** What a program calls an address: a function or a variable. */
struct snap_name {
	/** Owned; NULL: it has no name. */
	char *name;
	/** Of the address from where that begins. */
	uint64_t offset;
};

/**
 * The names of some addresses, by libdwfl, from the files that a snapshot maps; no
 * process is needed. Files that are gone or have another build-id are not used.
 *
 * @param[out] ret `nr` entries in the order of the addresses: snap_names_destroy().
 */
_must_check_ snap_err snap_unwind_names(const struct snap_snapshot *snapshot,
					const uint64_t *addresses, size_t nr,
					struct snap_name **ret);

void snap_names_destroy(struct snap_name *names, size_t nr);

#endif
