// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/extent.h"

#include "core/image/head.h"

snap_err snap_extent_move(void *context, uint8_t *bytes, size_t size, uint64_t offset)
{
	return snap_file_read(*(const int *)context, bytes, size, offset);
}

snap_err snap_extent_check(const struct snap_image_extent *extent, uint64_t digest)
{
	if (digest == extent->digest)
		return SNAP_OK;
	return snap_error_create(
		SNAP_ERROR_CORRUPT,
		"its memory from 0x%llx to 0x%llx is not what was written",
		(unsigned long long)extent->start,
		(unsigned long long)(extent->start + extent->size));
}

snap_err snap_extent_read(struct snap_transfer *transfer,
			  const struct snap_image_extent *extent,
			  const struct snap_store *store, const uint8_t *place,
			  uint8_t *space)
{
	SNAP_TRY(snap_transfer_begin(transfer));
	for (uint64_t at = 0, size; at < extent->size; at += size) {
		size = extent->size - at < SNAP_EXTENT_PIECE ? extent->size - at
							     : SNAP_EXTENT_PIECE;
		SNAP_TRY(snap_transfer_piece(transfer, space, size,
					     extent->offset + at));
		const struct iovec part = { space, size };
		SNAP_TRY(snap_store_write(store, place + at, &part, 1));
	}
	return snap_extent_check(extent, snap_transfer_end(transfer));
}

snap_err snap_extent_blame(snap_err error, const char *path)
{
	if (error->kind == SNAP_ERROR_CORRUPT)
		error = snap_error_with_remedy(error, "use another copy of the image");
	return snap_error_prefix(error, "%s", path);
}
