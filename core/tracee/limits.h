#ifndef SNAP_TRACEE_LIMITS_H
#define SNAP_TRACEE_LIMITS_H

#include <sys/resource.h>

#include "core/tracee/tracee.h"

_must_check_ snap_err snap_tracee_read_limit(struct snap_tracee *tracee, int resource,
					     struct rlimit *ret);

_must_check_ snap_err snap_tracee_set_limit(struct snap_tracee *tracee, int resource,
					    const struct rlimit *limit);

#endif
