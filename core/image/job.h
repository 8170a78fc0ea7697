/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_JOB_H
#define SNAP_IMAGE_JOB_H

#include "core/base/buffer.h"
#include "core/image/note.h"
#include "core/image/output.h"
#include "core/model/snapshot.h"

/** What it is called while an image is written. */
#define SNAP_IMAGE_PHASE "Writing the image"

/** Bytes that are one piece, in the store and in the file. */
struct snap_image_piece {
	const uint8_t *bytes;
	uint64_t size;
};

/**
 * An image to be written: all that it takes, apart from the snapshot, which may change
 * or go meanwhile.
 */
struct snap_image_job {
	/** Holds the slots. */
	struct snap_memory memory;
	/** In the order of the file; each lies in one extent. */
	struct snap_image_piece *pieces;
	size_t nr_pieces;
	struct snap_image_extent *extents;
	size_t nr_extents;
	struct snap_buffer headers;
	/** All but the last two, which have digests. */
	struct snap_buffer notes;
	/** Of the whole file. */
	uint64_t size;
	struct snap_output output;
};

/** An image that is not complete is gone. */
void snap_image_job_deinit(struct snap_image_job *job);
#define _cleanup_image_job_ _cleanup_(snap_image_job_deinit)

/**
 * Make the file, and find out what goes into it. Memory may still have to come, and has
 * to be there before the job is run.
 */
_must_check_ snap_err snap_image_job_init(struct snap_image_job *job,
					  const struct snap_snapshot *snapshot,
					  const char *path, bool overwrite);

/**
 * Write the image. Once, by any thread; whoever uses the store may go on with it.
 *
 * @param progress May be NULL.
 */
_must_check_ snap_err snap_image_job_run(struct snap_image_job *job,
					 const struct snap_progress *progress);

#endif
