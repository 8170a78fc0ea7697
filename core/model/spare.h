/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_SPARE_H
#define SNAP_MODEL_SPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * Pages of a store, and memory for its tables, that are made before they are needed.
 *
 * The kernel's part in a new page of a file in memory, finding it, clearing it,
 * counting it, costs more than copying 4096 bytes. While a process is stopped for a
 * save, or for a restore, which keeps what it overwrites, that time is felt: a thread
 * makes some pages beforehand, while the process runs, as many as the last one needed;
 * those of a restore's undo are used for the next. Of our own memory it is the first
 * write that costs as much: the thread writes to what chunks and a map will take.
 */

struct snap_store;
struct snap_worker;
struct snap_map;
struct snap_chunk;

/** The spare pages of a store. Zero-initialise. */
struct snap_spare {
	/** Slots in a row that nobody holds and that are backed; what they hold is of
	 * no use to anybody. */
	uint32_t first;
	uint32_t end;
	/** From here to `first` are those that were taken; they are backed, too. */
	uint32_t taken;
	/** Who makes the pages of `coming` slots from `first_coming` on; NULL: nobody.
	 */
	struct snap_worker *worker;
	uint32_t first_coming;
	uint32_t nr_coming;
	/** Memory for a map, of its capacity and nothing in it; NULL: none. */
	struct snap_map *map;
	/** What the worker writes to besides: a map, a block of chunks; NULL: none. */
	struct snap_map *map_coming;
	struct snap_chunk *block_coming;
};

/** In snap_store.slot_refs: a spare slot, or one that is being made. */
#define SNAP_SLOT_SPARE UINT32_MAX

/** The pages that are there, in bytes. */
uint64_t snap_spare_size(const struct snap_spare *spare);

/** What is being made, in bytes. */
uint64_t snap_spare_coming(const struct snap_spare *spare);

/**
 * Take spare slots in a row, each held once, whose bytes are anything. False: there are
 * not so many.
 */
bool snap_spare_take(struct snap_store *store, uint64_t nr, uint32_t *ret_first);

/** The first of `nr` slots that the next takes will have; false: that is not known. */
bool snap_spare_peek(struct snap_store *store, uint64_t nr, uint32_t *ret_first);

/** Whether slots in a row are backed because they were spare. */
bool snap_spare_backs(const struct snap_store *store, uint64_t first, uint64_t end);

/** Have slots that nobody holds any more. False: they are not wanted. */
bool snap_spare_put_back(struct snap_store *store, uint32_t first, uint32_t nr);

/** Slots go back to the kernel. */
void snap_spare_forget(struct snap_store *store, uint64_t first, uint64_t end);

/**
 * Take memory for a map, to be freed. NULL: there is none with room for so many
 * entries.
 */
struct snap_map *snap_spare_take_map(struct snap_store *store, size_t capacity);

/**
 * Begin to make what the next memory needs, if it is not there: in the background. That
 * it cannot be done is no failure. A store in a file has no spare.
 *
 * @param nr How many pages; more than 16 MiB are not made.
 * @param nr_entries How many entries its map has.
 */
void snap_spare_make(struct snap_store *store, uint64_t nr, size_t nr_entries);

/** Give all of it back to the kernel. */
void snap_spare_drop(struct snap_store *store);

/** End what is going on; the store goes, with all that is in it. */
void snap_spare_deinit(struct snap_spare *spare);

#endif
