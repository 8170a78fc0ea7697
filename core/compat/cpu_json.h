/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_COMPAT_CPU_JSON_H
#define SNAP_COMPAT_CPU_JSON_H

#include <stddef.h>

#include "core/base/buffer.h"
#include "core/model/cpu.h"

/**
 * @file
 * CPU descriptions as JSON: doc/cpu-json.md.
 */

/** What a writer says; a reader refuses another major version. */
#define SNAP_CPU_JSON_FORMAT "gdb-snapshot cpu"
#define SNAP_CPU_JSON_MAJOR  1
#define SNAP_CPU_JSON_MINOR  0

/** The most that a description may have: many times what one needs. */
#define SNAP_CPU_JSON_MAX_SIZE  ((size_t)1 << 20)
#define SNAP_CPU_JSON_MAX_ITEMS 4096
#define SNAP_CPU_JSON_MAX_NAME  64
#define SNAP_CPU_JSON_MAX_TEXT  256

/**
 * Append a description as text, in the order of its names, a newline behind it.
 *
 * What no JSON text can hold (bytes that are no ASCII, control characters) becomes '?'.
 */
_must_check_ snap_err snap_cpu_json_write(const struct snap_cpu *cpu,
					  struct snap_buffer *ret);

/**
 * Make a description out of text. Trusts nothing in it: whatever the bytes, the answer
 * is a description or SNAP_ERROR_CORRUPT or SNAP_ERROR_UNSUPPORTED (a newer version).
 *
 * @param[out] ret Has the text item "arch" and valid names; its numbers are anybody's.
 */
_must_check_ snap_err snap_cpu_json_parse(const char *text, size_t size,
					  struct snap_cpu *ret);

/** Read a description from a file; its name is in every error. */
_must_check_ snap_err snap_cpu_json_read(const char *path, struct snap_cpu *ret);

#endif
