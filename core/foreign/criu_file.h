/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_FOREIGN_CRIU_FILE_H
#define SNAP_FOREIGN_CRIU_FILE_H

#include "core/base/buffer.h"
#include "core/base/reader.h"
#include "core/model/snapshot.h"

/** The second magic numbers of the files that are read. */
#define SNAP_CRIU_PSTREE  0x50273030u
#define SNAP_CRIU_CORE    0x55053847u
#define SNAP_CRIU_MM      0x57492820u
#define SNAP_CRIU_CPUINFO 0x61404013u
#define SNAP_CRIU_FILES   0x56303138u

/** An image file: entries, each with its size before it. */
struct snap_criu_file {
	struct snap_buffer bytes;
	struct snap_reader reader;
};

void snap_criu_file_deinit(struct snap_criu_file *file);
#define _cleanup_criu_file_ _cleanup_(snap_criu_file_deinit)

/** @param magic One of the numbers above; a file with another is SNAP_ERROR_CORRUPT. */
_must_check_ snap_err snap_criu_file_open(const char *path, uint32_t magic,
					  struct snap_criu_file *file);

/** The bytes of the next entry; SNAP_ERROR_CORRUPT where there is none. */
_must_check_ snap_err snap_criu_file_next(struct snap_criu_file *file,
					  const uint8_t **ret, uint32_t *ret_size);

/** What is there is no message of its kind. */
_must_check_ snap_err snap_criu_unreadable(void);

/**
 * Give the mapped files their names and build-ids.
 *
 * @param path Of files.img.
 * @param exe CRIU's number of the executable. Mappings of files have such numbers as
 *	inodes; they are UINT64_MAX afterwards: no disk has that.
 */
_must_check_ snap_err snap_criu_name_files(const char *path, uint32_t exe,
					   struct snap_snapshot *snapshot);

#endif
