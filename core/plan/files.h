/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_FILES_H
#define SNAP_PLAN_FILES_H

#include "core/base/buffer.h"
#include "core/base/notes.h"
#include "core/plan/plan.h"

/**
 * @file
 * Steps on descriptors and open files. The parts of a step, by its kind:
 *
 * - FD_PARK: descriptor `number` (`is`) is moved to `parking`; FD_DROP closes that.
 * - FD_MAKE: `wanted` is opened again as `number`. `parking` is a descriptor of the
 * same inode to open it through, or SNAP_NO_FD: by its path. `end` is where the writing
 * end goes of a pipe that is made, or SNAP_NO_FD.
 * - FD_SET: `number` becomes a duplicate of `parking`, which refers to `wanted`.
 * - FD_FLAG: FD_CLOEXEC of `number` is what the image says.
 * - FD_CLOSE: `number` (`is`) is closed.
 * - FILE_…: the open file of `number` becomes `wanted`; `is` NULL: it was just made.
 * - FILE_FLAGS: `start` is 1 where FILE_QUIET may have switched signals off before.
 * - EPOLL_REMOVE, EPOLL_SET: descriptor `start` in the set of `number`; `wanted` and
 *   `is` are of struct snap_watch.
 */

#define SNAP_NO_FD UINT64_MAX

/** No open file. */
#define SNAP_NO_FILE UINT32_MAX

/** How the open files of an image and those of the live process go together. */
struct snap_file_plan {
	struct snap_plan *plan;
	const struct snap_fd_table *image;
	const struct snap_fd_table *live;
	/** For each of the image, the live one that becomes it; and the other way. */
	uint32_t *to_live;
	uint32_t *to_image;
	/** The lowest descriptor of each. */
	int *image_first;
	int *live_first;
	/**
	 * For each of the image, a descriptor that refers to it once the old ones are
	 * put aside; -1: it is to be made.
	 */
	int *source;
	/** Where the search for a free number goes on. */
	int next_spare;
};

void snap_file_plan_deinit(struct snap_file_plan *files);

/** Match the open files of two tables: what is at the same number first. */
_must_check_ snap_err snap_match_files(struct snap_plan *plan,
				       struct snap_file_plan *ret);

/** Steps that bring the table of descriptors back. */
_must_check_ snap_err snap_plan_fd_table(struct snap_file_plan *files);

/** Steps that make open files anew; fills the rest of `source`. */
_must_check_ snap_err snap_plan_made_files(struct snap_file_plan *files);

/** Steps that bring back what open files are and hold. */
_must_check_ snap_err snap_plan_file_states(struct snap_file_plan *files);

/** Steps that bring back the elements of epoll sets. */
_must_check_ snap_err snap_plan_epoll(struct snap_file_plan *files);

/** Steps that bring back the locks of the process, fcntl(2). */
_must_check_ snap_err snap_plan_posix_locks(struct snap_file_plan *files);

/** All of them. */
_must_check_ snap_err snap_plan_files(struct snap_plan *plan);

/** What stays as it is after a restore, in sentences. */
_must_check_ snap_err snap_note_files(const struct snap_plan *plan,
				      struct snap_notes *notes);

/** "descriptor 5 (/a/b)", odd characters escaped. */
_must_check_ snap_err snap_describe_fd(struct snap_buffer *ret, int number,
				       const struct snap_open_file *file);

/** Refuse something about a descriptor. */
_must_check_ _printf_(3, 4) snap_err
	snap_refuse_fd(int number, const struct snap_open_file *file,
		       const char *format, ...);

#endif
