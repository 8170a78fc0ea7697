/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_HEADROOM_H
#define SNAP_TRACEE_HEADROOM_H

#include "core/tracee/tracee.h"

/**
 * Find out whether the limits on a process leave room for another one beside it, which
 * may come to hold `bytes` of memory: of its control groups, of the machine, and the
 * number of processes of its user.
 *
 * @param max_processes RLIMIT_NPROC where that applies to it, else UINT64_MAX.
 * @param[out] ret_why What leaves none, "the … "; NULL: there is room. Static.
 */
_must_check_ snap_err snap_tracee_find_headroom(struct snap_tracee *tracee,
						uint64_t bytes, uint64_t max_processes,
						const char **ret_why);

#endif
