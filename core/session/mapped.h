/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_SESSION_MAPPED_H
#define SNAP_SESSION_MAPPED_H

#include "core/plan/revival.h"
#include "core/tracee/files.h"

/**
 * @file
 * Where the files are that an image has mapped, for a process that shall be it.
 */

/** Where files are looked for that are not where they were. */
struct snap_search {
	/** A folder that stands for the root folder; NULL: none. */
	const char *sysroot;
	/** Folders that have files by the last part of their path. */
	const char *const *folders;
	size_t nr_folders;
};

/** For each mapping of an image, where its file is and else why not. */
struct snap_mapped_files {
	/** With owned paths. */
	struct snap_mapped_file *list;
	enum snap_file_fit *fits;
	size_t nr;
};

void snap_mapped_files_deinit(struct snap_mapped_files *files);

/**
 * @param tracee The process that looks: its root folder counts.
 * @param search May be NULL: only where they were.
 */
_must_check_ snap_err snap_find_mapped_files(struct snap_tracee *tracee,
					     const struct snap_snapshot *image,
					     const struct snap_search *search,
					     struct snap_mapped_files *ret);

/** Why a file does not fit: SNAP_ERROR_REFUSED. @param remedy What the user can do. */
_must_check_ snap_err snap_refuse_mapped_file(const struct snap_vma *vma,
					      enum snap_file_fit fit,
					      const char *remedy);

#endif
