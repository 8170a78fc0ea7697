/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_MEMORY_H
#define SNAP_MODEL_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/model/arrivals.h"
#include "core/model/ranges.h"
#include "core/model/store.h"

/**
 * The contents of a process's memory: which of its pages are held, and in which slots
 * of a store. Memories of one store share slots, and the chunks that tell of them.
 *
 * Zero-initialise: { 0 } holds nothing, and makes a store of its own when it has to.
 */
struct snap_memory {
	/** NULL: none yet. */
	struct snap_store *store;
	/** NULL: nothing is held. */
	struct snap_map *map;
	/** Bytes that are held. */
	uint64_t size;
	/** What is held and still to come; NULL: nothing. */
	struct snap_arrivals *arrivals;
};

/** Held bytes that are one piece, both in the process and in the store. */
struct snap_run {
	uint64_t start;
	uint64_t size;
	const uint8_t *bytes;
};

/** A longer piece is told of in runs of at most so many bytes. */
#define SNAP_RUN_MAX ((uint64_t)1 << 20)

/**
 * Some of the bytes that are held, which were appended without being backed, are still
 * to come. Those that get them from this memory wait for them, too.
 */
_must_check_ snap_err snap_memory_expect(struct snap_memory *memory,
					 struct snap_arrival *arrival);

/**
 * Wait for the bytes that are still to come: to be called before any are looked at.
 *
 * An error but SNAP_ERROR_INTERRUPTED: they will not come, and each call says so.
 */
_must_check_ snap_err snap_memory_settle(struct snap_memory *memory,
					 const struct snap_progress *progress);

/** SNAP_ERROR_INVALID unless it was settled. */
_must_check_ snap_err snap_memory_check_settled(const struct snap_memory *memory);

/** Hold nothing, and pages in a store later on. @param store Gets a reference. */
void snap_memory_init(struct snap_memory *memory, struct snap_store *store);
void snap_memory_deinit(struct snap_memory *memory);
#define _cleanup_memory_ _cleanup_(snap_memory_deinit)

/**
 * Hold `size` more bytes from address `start`, which lies behind all that is held.
 * Whole pages.
 *
 * @param[out] ret Where the bytes go, zeroed: they stay there as long as they are held.
 *	Other threads may write them. Untouched on error.
 */
_must_check_ snap_err snap_memory_append(struct snap_memory *memory, uint64_t start,
					 uint64_t size, uint8_t **ret);

/**
 * The same, but nothing may be written before snap_store_back() has succeeded, which
 * another thread may do. Until then they read as zeros. A store in a file reserves its
 * blocks all the same: a full disk is an error here.
 */
_must_check_ snap_err snap_memory_append_unbacked(struct snap_memory *memory,
						  uint64_t start, uint64_t size,
						  uint8_t **ret);

/** The same, for bytes that will all be written by snap_store_fill(). */
_must_check_ snap_err snap_memory_append_to_write(struct snap_memory *memory,
						  uint64_t start, uint64_t size,
						  uint8_t **ret);

/** Forget the last `size` bytes appended: they turned out not to be needed. */
void snap_memory_drop_last(struct snap_memory *memory, uint64_t size);

/** Give back what was reserved for growth. */
void snap_memory_trim(struct snap_memory *memory);

/**
 * The next save or restore may need as much as this one: snap_spare_make().
 *
 * @param nr_pages How many pages this one has taken.
 */
void snap_memory_make_spare(const struct snap_memory *memory, uint64_t nr_pages);

/**
 * Hold what another memory of the same store holds from `start` to before `end`: no
 * byte is copied.
 *
 * @param to Holds nothing from `start` on; if it has no store yet, it gets this one.
 */
_must_check_ snap_err snap_memory_share(struct snap_memory *to,
					const struct snap_memory *from, uint64_t start,
					uint64_t end);

/**
 * Be another memory, of which snap_memory_usage() does not count this one as a second
 * holder: one who remembers what a snapshot held.
 *
 * @param to Holds nothing.
 */
void snap_memory_remember(struct snap_memory *to, const struct snap_memory *from);

/** Whether two memories are one by snap_memory_remember(), and unchanged since. */
static inline bool snap_memory_is_same(const struct snap_memory *a,
				       const struct snap_memory *b)
{
	return a->map == b->map;
}

/**
 * Overwrite held bytes; where none are held, nothing happens. Pages that others hold,
 * too, are copied first.
 */
_must_check_ snap_err snap_memory_write(struct snap_memory *memory, uint64_t address,
					const void *bytes, size_t size);

/**
 * The held bytes at an address, or NULL where none are held.
 *
 * @param[out] ret_size How many bytes from here on are held in one piece, at most
 *	SNAP_RUN_MAX; with NULL, how many are not held: up to the next that are,
 *	UINT64_MAX if none follow.
 */
const uint8_t *snap_memory_at(const struct snap_memory *memory, uint64_t address,
			      uint64_t *ret_size);

/** The first run at an address or behind it; false: none follows. */
bool snap_memory_next_run(const struct snap_memory *memory, uint64_t address,
			  struct snap_run *ret);

/** The same for what begins before `end`, which it is told of up to: a look at less. */
bool snap_memory_next_piece(const struct snap_memory *memory, uint64_t address,
			    uint64_t end, struct snap_run *ret);

/** How many bytes are held from `start` to before `end`. */
uint64_t snap_memory_held(const struct snap_memory *memory, uint64_t start,
			  uint64_t end);

/**
 * Find the pages from `start` to before `end` that two memories do not share: held by
 * one of them alone, or in different slots. Looks at no byte, nor at what both share.
 *
 * @param ret Grows at its end.
 */
_must_check_ snap_err snap_memory_differ(const struct snap_memory *a,
					 const struct snap_memory *b, uint64_t start,
					 uint64_t end, struct snap_ranges *ret);

/** What a memory takes of its store, in bytes. */
struct snap_memory_usage {
	/** Held by nobody else: what is free when it is gone. */
	uint64_t alone;
	uint64_t shared;
	/** Its map, beside the pages. */
	uint64_t map;
};

/** A look at each page: not for every save. */
struct snap_memory_usage snap_memory_usage(const struct snap_memory *memory);

/** Of its map alone, in bytes. */
uint64_t snap_memory_map_size(const struct snap_memory *memory);

#endif
