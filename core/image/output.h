/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_OUTPUT_H
#define SNAP_IMAGE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * A file that is there completely or not at all.
 */

struct snap_output {
	int fd;
	bool overwrite;
	/** Owned. */
	char *path;
	/** The name until it is published, in the same folder; NULL: it has none.
	 * Owned. */
	char *temporary;
	/** The disk was told of all bytes before this one. */
	uint64_t flushed;
};

/** Drops the file, unless it has been published. */
void snap_output_deinit(struct snap_output *output);
#define _cleanup_output_ _cleanup_(snap_output_deinit)

/** Let go of the file without dropping it: it is another process's. */
void snap_output_abandon(struct snap_output *output);

/**
 * Create a file of mode 0600 in the folder of `path`. It has no name where the file
 * system allows that, and so is gone whatever ends us; else one of its own.
 *
 * Something at `path` that is not a regular file is SNAP_ERROR_INVALID, and so is a
 * file there unless `overwrite`.
 */
_must_check_ snap_err snap_output_init(struct snap_output *output, const char *path,
				       bool overwrite);

/** Set the size; what is not written reads as zeros and takes no room. */
_must_check_ snap_err snap_output_set_size(const struct snap_output *output,
					   uint64_t size);

/**
 * Write bytes. The disk begins with them while others are made ready, if they come in
 * the order of their offsets.
 */
_must_check_ snap_err snap_output_write(struct snap_output *output, const void *data,
					size_t size, uint64_t offset);

/** Bring it to the disk, then give it its name, in one step. */
_must_check_ snap_err snap_output_publish(struct snap_output *output);

#endif
