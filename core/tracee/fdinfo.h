/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_FDINFO_H
#define SNAP_TRACEE_FDINFO_H

#include "core/model/files.h"

/**
 * What the kernel tells of an open file, /proc/PID/fdinfo/N: offset and flags, and the
 * lines that its kind has.
 *
 * @param text With a NUL at its end. Lines of no known form are passed over.
 * @param file Its kind is there; flags (with O_CLOEXEC), offset, counters, watches and
 *	locks are filled.
 */
_must_check_ snap_err snap_fdinfo_parse(const char *text, struct snap_open_file *file);

/** What a descriptor refers to, by the text of its link and its mode (stat(2)). */
enum snap_file_kind snap_fdinfo_kind(const char *link, uint32_t mode);

#endif
