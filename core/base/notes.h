/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_NOTES_H
#define SNAP_BASE_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

/** Sentences for the user, each once. Zero-initialise: { 0 } has none. */
struct snap_notes {
	/** Each owned. */
	char **list;
	size_t nr;
};

void snap_notes_deinit(struct snap_notes *notes);
#define _cleanup_notes_ _cleanup_(snap_notes_deinit)

/** Add a whole sentence, with its full stop, unless it is there. */
_must_check_ _printf_(2, 3) snap_err
	snap_notes_add(struct snap_notes *notes, const char *format, ...);

#endif
