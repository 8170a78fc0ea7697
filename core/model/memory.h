#ifndef SNAP_MODEL_MEMORY_H
#define SNAP_MODEL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * The unit in which contents are held and compared. What a kernel has for pages is in
 * snap_snapshot.page_size and a tracee's.
 */
#define SNAP_PAGE_SIZE 4096u

/** Some bytes of a process's memory. */
struct snap_range {
	uint64_t start;
	uint64_t size;
};

/** A stretch of memory whose bytes are held. Whole pages. */
struct snap_extent {
	uint64_t start;
	uint64_t size;
	/** Of its bytes in the holder. */
	size_t offset;
};

/**
 * The contents of a process's memory: extents, sorted and not overlapping, and one
 * block of anonymous memory that holds their bytes.
 *
 * Zero-initialise: { 0 } holds nothing.
 */
struct snap_memory {
	struct snap_extent *extents;
	size_t nr_extents;
	uint8_t *bytes;
	size_t size;
	size_t capacity;
};

void snap_memory_deinit(struct snap_memory *memory);
#define _cleanup_memory_ _cleanup_(snap_memory_deinit)

/**
 * Hold `size` more bytes from address `start`, which lies behind all that is held.
 *
 * @param[out] ret Where the bytes go, zeroed: valid until the next append.
 */
_must_check_ snap_err snap_memory_append(struct snap_memory *memory, uint64_t start,
					 uint64_t size, uint8_t **ret);

/** Forget the last `size` bytes appended: they turned out not to be needed. */
void snap_memory_drop_last(struct snap_memory *memory, uint64_t size);

/** Give back what was reserved for growth. */
void snap_memory_trim(struct snap_memory *memory);

/** The first extent that ends behind an address, or NULL. */
const struct snap_extent *snap_memory_find_from(const struct snap_memory *memory,
						uint64_t address);

/**
 * The held bytes at an address, or NULL where none are held.
 *
 * @param[out] ret_size How many bytes from here on are held in one piece; with NULL,
 *	how many are not held: up to the next extent, UINT64_MAX if none follows.
 */
const uint8_t *snap_memory_at(const struct snap_memory *memory, uint64_t address,
			      uint64_t *ret_size);

static inline const uint8_t *snap_memory_bytes(const struct snap_memory *memory,
					       const struct snap_extent *extent)
{
	return memory->bytes + extent->offset;
}

#endif
