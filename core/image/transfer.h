/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_TRANSFER_H
#define SNAP_IMAGE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/progress.h"
#include "core/base/xxh3.h"

/** Memory on its way into a file or out of one, piece by piece. */
struct snap_transfer {
	/** Write or read exactly `size` bytes at an offset of the file. */
	snap_err (*move)(void *context, uint8_t *bytes, size_t size, uint64_t offset);
	void *context;
	/** May be NULL. It is told after each MiB, and at the end. */
	const struct snap_progress *progress;
	const char *phase;
	/** In bytes: what there is to do. */
	uint64_t total;

	/** What follows begins as zeros. */
	uint64_t done;
	uint64_t told;
	XXH3_state_t *digest;
};

void snap_transfer_deinit(struct snap_transfer *transfer);
#define _cleanup_transfer_ _cleanup_(snap_transfer_deinit)

/** Begin an extent. */
_must_check_ snap_err snap_transfer_begin(struct snap_transfer *transfer);

/** Move the next bytes of an extent. */
_must_check_ snap_err snap_transfer_piece(struct snap_transfer *transfer,
					  uint8_t *bytes, uint64_t size,
					  uint64_t offset);

/** The next bytes of an extent are zeros, and need not be moved. */
_must_check_ snap_err snap_transfer_zeros(struct snap_transfer *transfer,
					  uint64_t size);

/** XXH3 of an extent's bytes, 64 bits. */
uint64_t snap_transfer_end(struct snap_transfer *transfer);

#endif
