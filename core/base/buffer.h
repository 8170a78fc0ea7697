/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_BUFFER_H
#define SNAP_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** Bytes that grow at their end. Zero-initialise: { 0 } is an empty one. */
struct snap_buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

void snap_buffer_deinit(struct snap_buffer *buffer);
#define _cleanup_buffer_ _cleanup_(snap_buffer_deinit)

/**
 * Make room for `size` more bytes, zeroed, and count them as there.
 *
 * @param[out] ret Where they begin: valid until the buffer grows again.
 */
_must_check_ snap_err snap_buffer_extend(struct snap_buffer *buffer, size_t size,
					 uint8_t **ret);

_must_check_ snap_err snap_buffer_append(struct snap_buffer *buffer, const void *data,
					 size_t size);

/** Append an unsigned number of `size` bytes (1, 2, 4 or 8), little endian. */
_must_check_ snap_err snap_buffer_append_uint(struct snap_buffer *buffer,
					      uint64_t value, size_t size);

/** Append a 32-bit length and the bytes of a string, without its NUL. */
_must_check_ snap_err snap_buffer_append_string(struct snap_buffer *buffer,
						const char *text);

/** Append zeros until the size is a multiple of `alignment`, a power of two. */
_must_check_ snap_err snap_buffer_align(struct snap_buffer *buffer, size_t alignment);

#endif
