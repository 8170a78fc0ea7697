/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_TEXT_H
#define SNAP_BASE_TEXT_H

#include "core/base/buffer.h"

/**
 * Append a name that comes from outside (a path, a thread's name) such that it stays
 * within its line: control characters become "\n", "\t" or "\033", a backslash is
 * doubled.
 */
_must_check_ snap_err snap_escape(struct snap_buffer *buffer, const char *name);

/**
 * The same as a string, for a message.
 *
 * @param[out] ret Owned by the caller: free().
 */
_must_check_ snap_err snap_escaped(const char *name, char **ret);

#endif
