/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_LAYOUT_H
#define SNAP_IMAGE_LAYOUT_H

#include <stdbool.h>

#include "core/model/snapshot.h"

/**
 * @file
 * Which memory lies where in an image.
 *
 * Every mapping becomes one PT_LOAD or more, in the order of addresses, each either
 * wholly in the file or wholly not. What is held is in the file. Of what is not held,
 * zero pages are holes in the file, so that a tool reads zeros there; the pages of
 * files are left out, so that a tool reads the file. The file has the bytes in the
 * order of their addresses without anything between, and therefore an extent in one
 * piece; a long one is several, which may be read and compared by several threads. A
 * segment that a hole ends or begins is of whole pages of the kernel, as p_align
 * promises.
 */

/**
 * A stretch of zeros longer than this is left out: sanitizers and language runtimes
 * reserve terabytes.
 */
#define SNAP_MAX_HOLE ((uint64_t)64 << 20)

/** An image larger than this is laid out without holes: ext4 ends at 16 TiB. */
#define SNAP_MAX_HOLES_SIZE ((uint64_t)1 << 40)

/** No extent goes over a multiple of this address: each has a digest of its own. */
#define SNAP_MAX_EXTENT ((uint64_t)16 << 20)

/** A PT_LOAD. */
struct snap_segment {
	uint64_t start;
	uint64_t size;
	/** From the first byte of memory in the file. */
	uint64_t offset;
	/** PF_R, PF_W, PF_X. */
	uint32_t flags;
	bool is_in_file;
};

/** Held memory that is one piece, both of addresses and in the file. */
struct snap_extent {
	uint64_t start;
	uint64_t size;
	/** From the first byte of memory in the file. */
	uint64_t offset;
};

struct snap_layout {
	struct snap_segment *segments;
	size_t nr_segments;
	struct snap_extent *extents;
	size_t nr_extents;
	/** How many bytes of memory, with holes, the file has. */
	uint64_t size;
};

void snap_layout_deinit(struct snap_layout *layout);
#define _cleanup_layout_ _cleanup_(snap_layout_deinit)

/**
 * Lay out the memory of a snapshot.
 *
 * Memory held outside of the mappings is SNAP_ERROR_INVALID: it could not be found
 * again.
 */
_must_check_ snap_err snap_layout_init(struct snap_layout *layout,
				       const struct snap_snapshot *snapshot);

#endif
