/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_STORE_H
#define SNAP_MODEL_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "core/base/error.h"
#include "core/model/chunks.h"
#include "core/model/ranges.h"
#include "core/model/spare.h"

/**
 * The unit in which contents are held and compared. What a kernel has for pages is in
 * snap_snapshot.page_size and a tracee's.
 */
#define SNAP_PAGE_SIZE 4096u

/**
 * Where the pages of snapshots are: slots of one page each in a file without a name,
 * and the chunks that say which slot is which page. Everything in it counts those who
 * hold it; a slot that nobody holds any more is given back to the kernel, and is used
 * again.
 *
 * The bytes of a slot never move. Writing to bytes that were handed out and backed,
 * reading them, snap_store_back(), snap_store_write() and snap_store_find_data() need
 * no lock and may be done by any thread; all else is for one thread at a time.
 */
struct snap_store {
	size_t refs;
	int fd;
	/** The folder of the file; NULL: it is a memfd. */
	char *folder;
	/** The whole file, a sparse one, mapped. */
	uint8_t *base;
	size_t size;
	size_t page_size;

	/** By slot: how many chunks hold it, or SNAP_SLOT_SPARE. Slot 0 stands for
	 * "none". */
	uint32_t *slot_refs;
	uint32_t slot_refs_size;
	/** The search for free slots goes on here. */
	uint32_t next;
	/** This slot and all behind it are free, and were never counted. */
	uint32_t end;
	uint32_t nr_used;
	/** How many were freed since the search has begun anew. */
	uint32_t nr_freed;
	/** Slots in a row that nobody holds and the kernel has still to be given. */
	uint32_t first_pending;
	uint32_t nr_pending;
	struct snap_spare spare;

	struct snap_chunks chunks;
};

/**
 * Make an empty store.
 *
 * @param folder Where its file is to be; NULL: in memory.
 * @param[out] ret The first reference; snap_store_unref().
 */
_must_check_ snap_err snap_store_create(const char *folder, struct snap_store **ret);

static inline struct snap_store *snap_store_ref(struct snap_store *store)
{
	if (store)
		store->refs++;
	return store;
}

/** Drop a reference, the last with the store. Takes NULL. */
void snap_store_unref(struct snap_store *store);

static inline void snap_store_unref_cleanup(struct snap_store **store)
{
	snap_store_unref(*store);
}

#define _cleanup_store_ _cleanup_(snap_store_unref_cleanup)

/** What a store takes, in bytes. */
struct snap_store_usage {
	/** Pages that are held, each once. */
	uint64_t pages;
	/** What it takes to find them, without the maps of struct snap_memory. */
	uint64_t tables;
	/** Spare pages, and those that are being made. */
	uint64_t spare;
	uint64_t coming;
};

struct snap_store_usage snap_store_usage(const struct snap_store *store);

static inline uint8_t *snap_store_bytes(const struct snap_store *store, uint32_t slot)
{
	return store->base + (size_t)slot * SNAP_PAGE_SIZE;
}

/** The following are for struct snap_memory. */

/** Take `nr` free slots in a row, each held once: zeros, and not backed yet. */
_must_check_ snap_err snap_store_take(struct snap_store *store, uint64_t nr,
				      uint32_t *ret_first);

/** The same, for snap_store_fill(): until then the bytes are anything. */
_must_check_ snap_err snap_store_take_to_write(struct snap_store *store, uint64_t nr,
					       uint32_t *ret_first);

/**
 * Where the bytes of the next `nr` slots will be that snap_store_take_to_write() takes,
 * in as many calls as one likes: they may be written to before, so that
 * snap_store_fill() has nothing to copy. NULL: that is not known.
 */
uint8_t *snap_store_peek(struct snap_store *store, uint64_t nr);

/**
 * Make sure that bytes of slots can be written to: a page that the kernel cannot find
 * when it is written to ends a program (SIGBUS).
 */
_must_check_ snap_err snap_store_back(const struct snap_store *store,
				      const uint8_t *bytes, uint64_t size);

/**
 * Write bytes of slots, which need not be backed: faster than to back them first.
 *
 * @param to Of slots in a row.
 * @param parts What to write, one behind the other; iov_len 0 is none.
 */
_must_check_ snap_err snap_store_write(const struct snap_store *store,
				       const uint8_t *to, const struct iovec *parts,
				       size_t nr);

/** The same, to all of the bytes of snap_store_take_to_write(). Of whole slots. */
_must_check_ snap_err snap_store_fill(const struct snap_store *store, uint8_t *to,
				      const struct iovec *parts, size_t nr);

/**
 * Find what was ever written to. The rest reads as zeros, and would take memory if it
 * were read here.
 *
 * It costs a look at each page, whatever is asked: ask once.
 *
 * @param start,end In bytes, from the beginning of the store.
 * @param ret Grows at its end.
 */
_must_check_ snap_err snap_store_find_data(const struct snap_store *store,
					   uint64_t start, uint64_t end,
					   struct snap_ranges *ret);

static inline void snap_store_hold(struct snap_store *store, uint32_t slot)
{
	store->slot_refs[slot]++;
}

/** Hold a slot no more. What is freed goes back to the kernel, later or now. */
void snap_store_release(struct snap_store *store, uint32_t slot);

/** Give what was freed back to the kernel now. */
void snap_store_flush(struct snap_store *store);

/** Give slots in a row back to the kernel that nobody holds: for struct snap_spare. */
void snap_store_give_back(struct snap_store *store, uint32_t first, uint32_t nr);

#endif
