/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_UNREAD_H
#define SNAP_IMAGE_UNREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "core/image/format.h"
#include "core/model/snapshot.h"

/**
 * Memory of a snapshot that has been left in its image. A new process can have it from
 * there; for everybody else it is an arrival, which is read when somebody waits for it.
 *
 * What makes it is for one thread.
 */
struct snap_unread {
	struct snap_arrival arrival;
	int fd;
	/** Of the image, for messages. */
	char *path;
	/** In the order of addresses, and where their bytes go. */
	struct snap_image_extent *extents;
	uint8_t **places;
	size_t nr;
	/** Of all of them, in bytes. */
	uint64_t size;

	/** Of whoever reads. */
	pthread_mutex_t mutex;
	/** Under the mutex: the first that has still to be read. */
	size_t next;
	/** Under the mutex: why no more will be. Owned. */
	snap_err error;
	/** Holds the slots until somebody has waited for all of it. */
	struct snap_memory memory;
};

/**
 * Make one that has nothing yet.
 *
 * @param[out] ret Owned by the caller: snap_unread_unref().
 */
_must_check_ snap_err snap_unread_create(const char *path, struct snap_unread **ret);

/** Takes NULL. */
void snap_unread_unref(struct snap_unread *unread);

static inline void snap_unread_unref_cleanup(struct snap_unread **unread)
{
	snap_unread_unref(*unread);
}

#define _cleanup_unread_ _cleanup_(snap_unread_unref_cleanup)

/**
 * Choose the extents that may be left where they are: those of the process's own memory
 * alone, without bytes that the kernel writes; none where it is not worth it.
 *
 * @param extents In the order of addresses, in mappings of the snapshot.
 * @param ret_may For each extent.
 */
void snap_unread_choose(const struct snap_snapshot *snapshot,
			const struct snap_image_extent *extents, size_t nr,
			bool *ret_may);

/**
 * Leave an extent unread.
 *
 * @param place Where its bytes go, in slots that are not backed.
 */
_must_check_ snap_err snap_unread_add(struct snap_unread *unread,
				      const struct snap_image_extent *extent,
				      uint8_t *place);

/**
 * Have a memory wait for what is unread.
 *
 * @param fd Of the image; taken on success.
 */
_must_check_ snap_err snap_unread_begin(struct snap_unread *unread, int *fd,
					struct snap_memory *memory);

/** What a memory has unread; NULL: nothing, or all of it was read. Not owned. */
const struct snap_unread *snap_unread_of(const struct snap_memory *memory);

/** The extent at an address, or the first behind it; NULL: there is none. */
const struct snap_image_extent *snap_unread_find(const struct snap_unread *unread,
						 uint64_t address);

#endif
