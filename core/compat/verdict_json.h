/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_COMPAT_VERDICT_JSON_H
#define SNAP_COMPAT_VERDICT_JSON_H

#include "core/base/buffer.h"
#include "core/compat/compat.h"

/** A verdict about a machine. Nothing is owned. */
struct snap_machine_verdict {
	/** What describes it; NULL: this machine. */
	const char *machine;
	const struct snap_verdict *verdict;
};

/**
 * Append what was found of an image as a JSON object, a newline behind it:
 * gdb-snapshot(1) tells its members.
 */
_must_check_ snap_err snap_verdicts_json_write(const char *image,
					       enum snap_compat_mode mode,
					       const struct snap_machine_verdict *rows,
					       size_t nr, struct snap_buffer *ret);

#endif
