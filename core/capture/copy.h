/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_COPY_H
#define SNAP_CAPTURE_COPY_H

#include "core/inject/twin.h"
#include "core/model/memory.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * The bytes of a twin on their way into a store. A thread of ours copies them, which
 * makes no ptrace call and has all signals blocked, and ends the twin behind the last
 * one, while the process runs on.
 *
 * All functions are for the one thread that uses the store.
 */
struct snap_copy;

/**
 * Prepare to copy from a twin.
 *
 * @param twin Taken over, also on failure.
 * @param[out] ret snap_copy_unref().
 */
_must_check_ snap_err snap_copy_create(struct snap_twin *twin, struct snap_copy **ret);

/** The last reference ends the copying, and the twin. Takes NULL. */
void snap_copy_unref(struct snap_copy *copy);

static inline void snap_copy_cleanup(struct snap_copy **copy)
{
	snap_copy_unref(*copy);
}

#define _cleanup_copy_ _cleanup_(snap_copy_cleanup)

/**
 * Have some pages copied.
 *
 * @param bytes Where they go; from snap_memory_append_unbacked().
 */
_must_check_ snap_err snap_copy_add(struct snap_copy *copy, uint64_t start,
				    uint64_t size, uint8_t *bytes);

/**
 * Have other bytes in place of those of the process, in what was copied and in what is
 * going to be; before the start.
 *
 * @param copy May be NULL.
 * @param memory Where nothing is held, nothing happens.
 */
_must_check_ snap_err snap_copy_overwrite(struct snap_copy *copy,
					  struct snap_memory *memory, uint64_t address,
					  const void *bytes, size_t size);

/**
 * Begin to copy, in the background where a thread can be had, else at once.
 *
 * @param memory What the bytes are part of. It, and those that share them with it, wait
 *	for them: snap_memory_settle().
 */
_must_check_ snap_err snap_copy_start(struct snap_copy *copy,
				      struct snap_memory *memory);

#endif
