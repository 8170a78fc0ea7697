/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_READER_H
#define SNAP_BASE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * Takes numbers and strings out of bytes that nobody vouches for.
 *
 * Every length is checked before it is used. What does not fit is SNAP_ERROR_CORRUPT,
 * naming `what` and the offset. All numbers are little endian.
 */
struct snap_reader {
	const uint8_t *data;
	size_t size;
	size_t offset;
	/** What is being read, for messages: "the thread note". Not owned. */
	const char *what;
};

static inline struct snap_reader snap_reader_init(const void *data, size_t size,
						  const char *what)
{
	return (struct snap_reader){ .data = data, .size = size, .what = what };
}

static inline size_t snap_reader_left(const struct snap_reader *reader)
{
	return reader->size - reader->offset;
}

/** The next `size` bytes, in place. They live as long as the data. */
_must_check_ snap_err snap_reader_bytes(struct snap_reader *reader, size_t size,
					const uint8_t **ret);

/** Copy the next `size` bytes. */
_must_check_ snap_err snap_reader_copy(struct snap_reader *reader, void *ret,
				       size_t size);

_must_check_ snap_err snap_reader_u8(struct snap_reader *reader, uint8_t *ret);
_must_check_ snap_err snap_reader_u16(struct snap_reader *reader, uint16_t *ret);
_must_check_ snap_err snap_reader_u32(struct snap_reader *reader, uint32_t *ret);
_must_check_ snap_err snap_reader_u64(struct snap_reader *reader, uint64_t *ret);

/**
 * A string as snap_buffer_append_string() wrote it. A NUL inside is refused.
 *
 * @param[out] ret Owned by the caller: free().
 */
_must_check_ snap_err snap_reader_string(struct snap_reader *reader, char **ret);

#endif
