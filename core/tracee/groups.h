/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_GROUPS_H
#define SNAP_TRACEE_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/tracee/tracee.h"

/**
 * @file
 * The control groups of a process, in cgroup v1 and v2
 * (Documentation/admin-guide/cgroup-v1, cgroup-v2.rst; man 7 cgroups). Hierarchies are
 * looked for where they are mounted by convention; what is not found has no say.
 */

/** Room for a path of a group. */
#define SNAP_GROUP_PATH 4096

/**
 * Find the group of a controller in a text of /proc/PID/cgroup; false: there is none.
 *
 * @param controller "memory", in version 1; "" is version 2.
 * @param[out] path From the root of its hierarchy on, with a '/' in front.
 */
bool snap_group_find(const char *text, const char *controller,
		     char path[SNAP_GROUP_PATH]);

/**
 * Refuse a process that is frozen by one of its groups: a thread of it that is let run
 * comes back when it is thawed, and nobody knows when that is. Looks once for each
 * tracee.
 */
_must_check_ snap_err snap_tracee_check_thawed(struct snap_tracee *tracee);

#endif
