/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_FILES_H
#define SNAP_INJECT_FILES_H

#include "core/inject/restorer.h"
#include "core/model/files.h"

/**
 * Check what can be checked without touching the process: that the files to be opened
 * again are there.
 */
_must_check_ snap_err snap_files_validate(struct snap_tracee *tracee,
					  const struct snap_plan *plan);

/** The same for one step, of any kind. */
_must_check_ snap_err snap_check_made_file(struct snap_tracee *tracee,
					   const struct snap_step *step);

/**
 * Steps of one kind follow each other, and are done together at the first of them.
 *
 * @return How many there are; 0: `step` is not the first.
 */
size_t snap_step_run(const struct snap_restorer *restorer,
		     const struct snap_step *step);

/** Make calls of which none may fail; the first that does is "cannot `what` N". */
_must_check_ snap_err snap_fd_calls(struct snap_restorer *restorer,
				    struct snap_call *calls, size_t nr,
				    const char *what, const struct snap_step *step,
				    size_t calls_per_step);

/** One call about a descriptor that must not fail. */
_must_check_ snap_err snap_fd_call(struct snap_restorer *restorer,
				   const struct snap_call *call, const char *what,
				   int number, int64_t *ret);

/** Whether FD_CLOEXEC is set of a descriptor of a table. */
bool snap_fd_is_cloexec(const struct snap_fd_table *table, int number);

/** Add the watches of a new inotify(7) instance, with the same numbers. */
_must_check_ snap_err snap_add_inotify_watches(struct snap_restorer *restorer, int fd,
					       const struct snap_open_file *wanted);

#endif
