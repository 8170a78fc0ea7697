// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/undo.h"

void snap_undo_deinit(struct snap_undo *undo)
{
	free(undo->entries);
	*undo = (struct snap_undo){ 0 };
}

snap_err snap_undo_reserve(struct snap_undo *undo, size_t nr)
{
	struct snap_undo_entry *entries =
		reallocarray(undo->entries, undo->nr + nr, sizeof(*entries));
	if (!entries)
		return &snap_enomem;
	undo->entries = entries;
	return SNAP_OK;
}

void snap_undo_push(struct snap_undo *undo, const struct snap_undo_entry *entry)
{
	undo->entries[undo->nr++] = *entry;
}

/** Add one failure to what the user is told. Consumes both errors. */
static snap_err add_failure(snap_err cause, const struct snap_undo_entry *entry,
			    snap_err failure)
{
	// Nothing has to be put back in a process that has ended meanwhile.
	if (failure->kind == SNAP_ERROR_GONE) {
		snap_error_destroy(failure);
		return cause;
	}
	snap_err told = snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_UNDO, "%s; and then it could not %s: %s",
				  cause->message, entry->what, failure->message),
		"the process is neither what it was nor what the snapshot says: restore a "
		"snapshot, or end it");
	snap_error_destroy(cause);
	snap_error_destroy(failure);
	return told;
}

snap_err snap_undo_run(struct snap_undo *undo, struct snap_restorer *restorer,
		       snap_err cause)
{
	while (undo->nr) {
		const struct snap_undo_entry *entry = &undo->entries[--undo->nr];
		snap_err failure = entry->run(restorer, entry->step, entry->values);
		if (failure)
			cause = add_failure(cause, entry, failure);
	}
	return cause;
}
