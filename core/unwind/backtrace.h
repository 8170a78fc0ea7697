/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_BACKTRACE_H
#define SNAP_UNWIND_BACKTRACE_H

#include "core/unwind/unwind.h"

/**
 * Append a frame that is all unknown but for its pc.
 *
 * @param[out] ret Inside of the backtrace: valid until the next frame is appended.
 */
_must_check_ snap_err snap_backtrace_append(struct snap_backtrace *backtrace,
					    uint64_t pc, struct snap_frame **ret);

/** Copy a text that may be NULL into an owned place. */
_must_check_ snap_err snap_backtrace_copy_text(const char *text, char **ret);

/** Say why the backtrace ends; what was said before stays. */
_must_check_ _printf_(2, 3) snap_err
	snap_backtrace_end(struct snap_backtrace *backtrace, const char *format, ...);

#endif
