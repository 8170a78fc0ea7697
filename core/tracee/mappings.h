/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_MAPPINGS_H
#define SNAP_TRACEE_MAPPINGS_H

#include "core/model/vma.h"
#include "core/tracee/tracee.h"

/** The mappings of the process, from /proc/PID/smaps, with the build-ids of ELF files
 * and guards in rows of their own.
 */
_must_check_ snap_err snap_tracee_read_vmas(struct snap_tracee *tracee,
					    struct snap_vmas *ret);

/**
 * Those of the kernel's own (snap_vma_is_kernels()) alone: where they are, and the
 * build-id of its code. /proc/PID/maps tells that, at a small part of the price.
 */
_must_check_ snap_err snap_tracee_read_kernels_vmas(struct snap_tracee *tracee,
						    struct snap_vmas *ret);

/**
 * Parse one line of /proc/PID/maps or the head of one of /proc/PID/smaps.
 *
 * @param line Without its newline.
 * @param[out] ret The name owned by the caller.
 * @param[out] ret_is_head false: another line of smaps, *ret untouched.
 */
_must_check_ snap_err snap_maps_parse_line(const char *line, struct snap_vma *ret,
					   bool *ret_is_head);

/** Add what a line of /proc/PID/smaps behind the head says: VmFlags, ProtectionKey,
 * LazyFree. */
void snap_smaps_parse_detail(const char *line, struct snap_vma *vma);

#endif
