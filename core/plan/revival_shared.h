/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_REVIVAL_SHARED_H
#define SNAP_PLAN_REVIVAL_SHARED_H

#include "core/model/vma.h"

/**
 * @file
 * Memory of mmap(MAP_SHARED | MAP_ANONYMOUS) has no name by which a new process could
 * map it: it is made anew, whole and somewhere, before anything else. The image's
 * mappings of it are then mapped from there, however many they are and whatever part
 * they show, like those of a process that has the memory in another place.
 */

/** Some shared memory that an image's mappings show. */
struct snap_shared_memory {
	/** One of them. Not owned. */
	const struct snap_vma *view;
	/** Up to the end of the last part that a mapping shows. */
	uint64_t size;
	/** All of them are without reservation (MAP_NORESERVE). */
	bool is_unreserved;
};

/** Zero-initialise. */
struct snap_shared_memories {
	struct snap_shared_memory *list;
	size_t nr;
};

void snap_shared_memories_deinit(struct snap_shared_memories *memories);
#define _cleanup_shared_memories_ _cleanup_(snap_shared_memories_deinit)

/**
 * What is to be made anew: all shared anonymous memory that the image has what it shows
 * of.
 *
 * @param image They outlive *ret.
 * @param ret Empty.
 */
_must_check_ snap_err snap_find_shared_memories(const struct snap_vmas *image,
						struct snap_shared_memories *ret);

/** What they take in the address space; UINT64_MAX: more than there is. */
uint64_t snap_shared_memories_size(const struct snap_shared_memories *memories);

/**
 * The mapping that a new process was given some shared memory by, or NULL: its
 * mappings of this kind are in the order of the list, by address.
 */
const struct snap_vma *snap_shared_memory_find(
	const struct snap_shared_memories *memories, const struct snap_vma *of_image,
	const struct snap_vmas *live);

#endif
