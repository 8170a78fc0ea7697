#include "core/tracee/limits.h"

#include <errno.h>

static snap_err swap(struct snap_tracee *tracee, int resource,
		     const struct rlimit *limit, struct rlimit *ret)
{
	const char *what = limit ? "set" : "read";
	SNAP_TRY(snap_tracee_enter(tracee, "%s the limits of process %d", what,
				   (int)tracee->pid));
	if (prlimit(tracee->pid, (__rlimit_resource_t)resource, limit, ret) < 0)
		return snap_error_os(errno, "cannot %s the limits of process %d", what,
				     (int)tracee->pid);
	return SNAP_OK;
}

snap_err snap_tracee_read_limit(struct snap_tracee *tracee, int resource,
				struct rlimit *ret)
{
	return swap(tracee, resource, NULL, ret);
}

snap_err snap_tracee_set_limit(struct snap_tracee *tracee, int resource,
			       const struct rlimit *limit)
{
	return swap(tracee, resource, limit, NULL);
}
