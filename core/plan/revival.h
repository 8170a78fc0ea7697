/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_REVIVAL_H
#define SNAP_PLAN_REVIVAL_H

#include "core/base/notes.h"
#include "core/model/snapshot.h"
#include "core/plan/vdso.h"

/**
 * @file
 * An image in the terms of a new process: as if it had been taken of that. What a new
 * process cannot have (the other end of a socket) is replaced, and told of.
 */

/** Where the file of a mapping is now. */
struct snap_mapped_file {
	/** NULL: nowhere, and what the image holds of it stands in its place. Owned by
	 * whoever has looked for it. */
	char *path;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t inode;
};

/** What there is for the image in the outside world. */
struct snap_surroundings {
	/** For each mapping of the image; of meaning for those of files. Not owned. */
	const struct snap_mapped_file *mapped;
	/** For each open file of the image: its path still leads to it. Not owned. */
	const bool *is_there;
	/** /dev/null. Not owned. */
	const struct snap_open_file *null;
	/** Which folder the current one's path leads to now; unknown: to none. */
	struct snap_attribute_values folder;
	/** Of the process, whose kernel is another one than the image's; with size 0
	 * where it has none. NULL: it has the image's kernel. Not owned. */
	const struct snap_vdso *vdso;
};

/** Zero-initialise. */
struct snap_revived {
	/** Its threads, its open files, its timers, its mappings and who it is are its
	 * own; what they own, and the rest, is the other snapshot's, or that of the
	 * surroundings. */
	struct snap_snapshot snapshot;
	/** Where that of the image is not what it shall be. Owned. */
	struct snap_memory memory;
	/** The elements of epoll sets. Owned. */
	struct snap_watch *watches;
};

void snap_revived_deinit(struct snap_revived *revived);
#define _cleanup_revived_ _cleanup_(snap_revived_deinit)

/**
 * @param live The new process; its threads are given to those of the image by their
 *	numbers, and in their order where it has none of that number.
 * @param surroundings Outlive *ret, like both snapshots.
 * @param notes Grows by what was replaced.
 */
_must_check_ snap_err snap_revive_image(const struct snap_snapshot *image,
					const struct snap_snapshot *live,
					const struct snap_surroundings *surroundings,
					struct snap_notes *notes,
					struct snap_revived *ret);

/** The open files of it. @param revived Has its threads. */
_must_check_ snap_err snap_revive_files(const struct snap_snapshot *image,
					const struct snap_snapshot *live,
					const struct snap_surroundings *surroundings,
					struct snap_notes *notes,
					struct snap_revived *revived);

/**
 * Its mappings: of files where they are now; private memory where they are nowhere.
 */
_must_check_ snap_err snap_revive_mappings(const struct snap_snapshot *image,
					   const struct snap_snapshot *live,
					   const struct snap_surroundings *surroundings,
					   struct snap_notes *notes,
					   struct snap_revived *revived);

/** What kernels map. @param revived Has room for all mappings of both. */
_must_check_ snap_err snap_revive_kernels(const struct snap_snapshot *image,
					  const struct snap_snapshot *live,
					  const struct snap_surroundings *surroundings,
					  struct snap_notes *notes,
					  struct snap_revived *revived);

/**
 * Under another kernel no thread can go on in the middle of the image's vdso:
 * SNAP_ERROR_REFUSED.
 *
 * @param address Where a thread, or a function that it is called from, goes on.
 */
_must_check_ snap_err snap_check_old_vdso(const struct snap_snapshot *image,
					  const struct snap_thread *thread,
					  uint64_t address);

/** Whether the image holds every byte of a mapping. */
bool snap_is_whole(const struct snap_snapshot *image, const struct snap_vma *vma);

/** What number in the new process a number of the image is; 0: none. */
pid_t snap_revived_tid(const struct snap_snapshot *image,
		       const struct snap_revived *revived, pid_t tid);

#endif
