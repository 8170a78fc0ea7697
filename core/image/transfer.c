// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/transfer.h"

/** Small enough to stay in the cache between the file and the digest. */
static const size_t chunk_size = 1 << 20;

void snap_transfer_deinit(struct snap_transfer *transfer)
{
	XXH3_freeState(transfer->digest);
	transfer->digest = NULL;
}

snap_err snap_transfer_begin(struct snap_transfer *transfer)
{
	if (!transfer->digest)
		transfer->digest = XXH3_createState();
	if (!transfer->digest)
		return &snap_enomem;
	XXH3_64bits_reset(transfer->digest);
	return SNAP_OK;
}

/** Extents can be small and many, and telling can be slow. */
static snap_err tell(struct snap_transfer *transfer)
{
	if (transfer->done - transfer->told < chunk_size &&
	    transfer->done < transfer->total)
		return SNAP_OK;
	transfer->told = transfer->done;
	return snap_progress_report(transfer->progress, transfer->phase, transfer->done,
				    transfer->total);
}

snap_err snap_transfer_piece(struct snap_transfer *transfer, uint8_t *bytes,
			     uint64_t size, uint64_t offset)
{
	for (uint64_t at = 0, chunk; at < size; at += chunk) {
		chunk = size - at < chunk_size ? size - at : chunk_size;
		SNAP_TRY(transfer->move(transfer->context, bytes + at, chunk,
					offset + at));
		XXH3_64bits_update(transfer->digest, bytes + at, chunk);
		transfer->done += chunk;
		SNAP_TRY(tell(transfer));
	}
	return SNAP_OK;
}

snap_err snap_transfer_zeros(struct snap_transfer *transfer, uint64_t size)
{
	static const uint8_t zeros[1 << 16];
	for (uint64_t at = 0, chunk; at < size; at += chunk) {
		chunk = size - at < sizeof(zeros) ? size - at : sizeof(zeros);
		XXH3_64bits_update(transfer->digest, zeros, chunk);
		transfer->done += chunk;
		SNAP_TRY(tell(transfer));
	}
	return SNAP_OK;
}

uint64_t snap_transfer_end(struct snap_transfer *transfer)
{
	return XXH3_64bits_digest(transfer->digest);
}
