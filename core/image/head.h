/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_HEAD_H
#define SNAP_IMAGE_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/** The bytes of an image before its memory, as their digest says they were written. */
struct snap_head {
	/** Owned. */
	uint8_t *data;
	/** The head ends with the notes, and the notes with the digest. */
	size_t size;
	/** Where in `data` the notes begin, and the size of all of them. */
	size_t notes_offset;
	size_t notes_size;
};

void snap_head_deinit(struct snap_head *head);
#define _cleanup_head_ _cleanup_(snap_head_deinit)

/**
 * Read the head of an image and compare it with its digest.
 *
 * A core file that somebody else wrote is SNAP_ERROR_INVALID, all else that is not an
 * undamaged image SNAP_ERROR_CORRUPT.
 *
 * @param file_size What fstat(2) says.
 */
_must_check_ snap_err snap_head_read(struct snap_head *head, int fd,
				     uint64_t file_size);

/** Read exactly `size` bytes; a file that has fewer is SNAP_ERROR_CORRUPT. */
_must_check_ snap_err snap_file_read(int fd, void *data, size_t size, uint64_t offset);

#endif
