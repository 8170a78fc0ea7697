/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_EXTENT_H
#define SNAP_IMAGE_EXTENT_H

#include "core/image/format.h"
#include "core/image/transfer.h"
#include "core/model/store.h"

/** Bytes that are read at once: they stay in the cache on their way to where they go.
 */
#define SNAP_EXTENT_PIECE ((uint64_t)256 << 10)

/**
 * Read an extent into a store, and compare it with its digest. For any thread.
 *
 * @param transfer Of the image's file: snap_extent_move(). Goes on.
 * @param place In the store: slots in a row.
 * @param space SNAP_EXTENT_PIECE bytes. A store takes bytes from there faster than a
 *	file puts them into pages that have been cleared and mapped before; several
 *	threads are not faster, for the pages of a file are made one by one.
 */
_must_check_ snap_err snap_extent_read(struct snap_transfer *transfer,
				       const struct snap_image_extent *extent,
				       const struct snap_store *store,
				       const uint8_t *place, uint8_t *space);

/** struct snap_transfer.move, out of a file. @param context Its descriptor, an int. */
_must_check_ snap_err snap_extent_move(void *context, uint8_t *bytes, size_t size,
				       uint64_t offset);

/** SNAP_ERROR_CORRUPT unless a digest is that of an extent. */
_must_check_ snap_err snap_extent_check(const struct snap_image_extent *extent,
					uint64_t digest);

/** An error about an image, with its path and what can be done. Consumed. */
_must_check_ snap_err snap_extent_blame(snap_err error, const char *path);

#endif
