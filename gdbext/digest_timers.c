// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tracee/timers.h"
#include "gdbext/digest.h"

static snap_err read_timers(struct snap_tracee *tracee, struct snap_timers *timers,
			    struct snap_buffer *ret)
{
	SNAP_TRY(snap_tracee_read_timers(tracee, timers));
	return snap_buffer_append(ret, timers->list,
				  timers->nr * sizeof(*timers->list));
}

/**
 * By their ids: the kernel lists one that was made again in another place. How they are
 * set, only the process could tell; and it changes by itself.
 */
snap_err snap_digest_timers(struct snap_tracee *tracee, struct snap_buffer *ret)
{
	struct snap_timers timers = { 0 };
	snap_err error = read_timers(tracee, &timers, ret);
	snap_timers_deinit(&timers);
	return error;
}
