/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_UNWIND_FILES_H
#define SNAP_UNWIND_FILES_H

#include <libelf.h>

#include "core/model/snapshot.h"

/** Whether a mapping's file can stand for what was mapped. */
enum snap_file_state {
	SNAP_FILE_USABLE,
	/** No such file any more, or it cannot be read. */
	SNAP_FILE_GONE,
	/** There is a file of that name, and it is not the one that was mapped. */
	SNAP_FILE_CHANGED,
	/** Too many files have been opened already. */
	SNAP_FILE_TOO_MANY,
};

/** A file that a mapping names. */
struct snap_file {
	/** The mapping it was opened for. Not owned. */
	const struct snap_vma *vma;
	enum snap_file_state state;
	/** Where it was found; NULL unless it is usable. */
	char *path;
	/** -1 unless it is usable. */
	int fd;
	/** NULL when it is not an ELF file. */
	Elf *elf;
};

/**
 * The files of a snapshot's mappings, each opened at its first use.
 *
 * The names come from an image that nobody vouches for: only regular files are opened,
 * without waiting, and only what is proven to be the mapped file is usable.
 */
struct snap_files {
	const struct snap_snapshot *snapshot;
	struct snap_file **list;
	size_t nr;
};

void snap_files_deinit(struct snap_files *files);

/**
 * The file of a mapping (snap_vma_is_file()).
 *
 * @param[out] ret Owned by `files`. Look at its state.
 */
_must_check_ snap_err snap_files_get(struct snap_files *files,
				     const struct snap_vma *vma,
				     const struct snap_file **ret);

/** Open a regular file that is not empty, for reading; -1: there is none. */
int snap_file_open_regular(const char *path);

#endif
