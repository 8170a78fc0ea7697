/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_SPARE_H
#define SNAP_MODEL_SPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * Pages of a store that are made before they are needed.
 *
 * The kernel's part in a new page of a file in memory, finding it, clearing it,
 * counting it, costs more than copying 4096 bytes. While a process is stopped for a
 * save, or for a restore, which keeps what it overwrites, that time is felt: a thread
 * makes some pages beforehand, while the process runs, as many as the last one needed;
 * those of a restore's undo are used for the next.
 */

struct snap_store;
struct snap_worker;

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
};

/** In snap_store.slot_refs: a spare slot, or one that is being made. */
#define SNAP_SLOT_SPARE UINT32_MAX

/** The pages that are there, in bytes. */
uint64_t snap_spare_size(const struct snap_spare *spare);

/** Those that are being made, in bytes. */
uint64_t snap_spare_coming(const struct snap_spare *spare);

/**
 * Take spare slots in a row, each held once, whose bytes are anything. False: there are
 * not so many.
 */
bool snap_spare_take(struct snap_store *store, uint64_t nr, uint32_t *ret_first);

/** Whether slots in a row are backed because they were spare. */
bool snap_spare_backs(const struct snap_store *store, uint64_t first, uint64_t end);

/** Have slots that nobody holds any more. False: they are not wanted. */
bool snap_spare_put_back(struct snap_store *store, uint32_t first, uint32_t nr);

/** Slots go back to the kernel. */
void snap_spare_forget(struct snap_store *store, uint64_t first, uint64_t end);

/**
 * Begin to make spare pages, if there are fewer than `nr`: in the background, and not
 * more than 16 MiB. That it cannot be done is no failure. A store in a file has none.
 */
void snap_spare_make(struct snap_store *store, uint64_t nr);

/** Give all of them back to the kernel. */
void snap_spare_drop(struct snap_store *store);

/** End what is going on; the store goes, with all that is in it. */
void snap_spare_deinit(struct snap_spare *spare);

#endif
