/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_FILLS_H
#define SNAP_MODEL_FILLS_H

#include "core/model/memory.h"

/** At most so many pieces wait. */
#define SNAP_MOST_FILLS 256

/**
 * Pieces of memory that are held already, and whose bytes are copied when there are
 * many: to get room for one page at a time costs more than its copy. Zero-initialise,
 * with the memory.
 */
struct snap_fills {
	struct snap_memory *memory;
	uint8_t *to[SNAP_MOST_FILLS];
	struct iovec from[SNAP_MOST_FILLS];
	size_t nr;
};

/**
 * Hold `size` more bytes from address `start`, as snap_memory_append() does.
 *
 * @param bytes Stay there until snap_fills_finish() or snap_fills_drop().
 */
_must_check_ snap_err snap_fills_append(struct snap_fills *fills, uint64_t start,
					const uint8_t *bytes, size_t size);

/**
 * Where to put `size` bytes, of whole pages, that are to be appended, all or some:
 * there they need not be copied (snap_store_peek()). Where that is not known, `space`.
 */
uint8_t *snap_fills_place(const struct snap_fills *fills, uint64_t size,
			  uint8_t *space);

/** Copy the bytes of all pieces that wait. On an error they wait on. */
_must_check_ snap_err snap_fills_finish(struct snap_fills *fills);

/**
 * Forget the pieces that wait, which were not finished: nothing else was appended
 * behind the first of them.
 */
void snap_fills_drop(struct snap_fills *fills);

#endif
