/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_FILES_H
#define SNAP_TRACEE_FILES_H

#include <sys/stat.h>

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/**
 * Whether the file of a mapping is still there, under its path as the process sees it,
 * and is the same file. SNAP_ERROR_REFUSED says what is wrong.
 */
_must_check_ snap_err snap_tracee_check_file(struct snap_tracee *tracee,
					     const struct snap_vma *vma);

/** What there is where the file of a mapping is looked for. */
enum snap_file_fit {
	/** The same file; or another one with the same build-id. */
	SNAP_FILE_FITS,
	SNAP_FILE_IS_GONE,
	/** Without a build-id nobody can tell a copy from something else. */
	SNAP_FILE_IS_OTHER,
	SNAP_FILE_IS_REBUILT,
};

/**
 * Whether a file can be mapped in the place of one that was mapped in another process,
 * perhaps on another machine.
 *
 * @param path As the process sees it.
 * @param[out] ret_stat Of the file; untouched unless it fits.
 */
_must_check_ snap_err snap_tracee_fit_file(struct snap_tracee *tracee, const char *path,
					   const struct snap_vma *vma,
					   enum snap_file_fit *ret,
					   struct stat *ret_stat);

/** Open a file for reading, by its path as the process sees it. */
_must_check_ snap_err snap_tracee_open_file(struct snap_tracee *tracee,
					    const char *path, int *ret);

/**
 * A descriptor of the process that has the file of a mapping open, so that it can be
 * mapped again whatever has become of its path.
 *
 * @param writes It has to be open for writing, too.
 * @param[out] ret -1: there is none.
 */
_must_check_ snap_err snap_tracee_find_fd(struct snap_tracee *tracee,
					  const struct snap_vma *vma, bool writes,
					  int *ret);

#endif
