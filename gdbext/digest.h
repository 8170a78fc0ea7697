#ifndef SNAP_GDBEXT_DIGEST_H
#define SNAP_GDBEXT_DIGEST_H

#include "core/base/buffer.h"
#include "core/tracee/tracee.h"

/**
 * @file
 * Evidence for digest(): bytes that differ when something of a family does.
 */

/** What waits in the queues of signals; /proc/PID/status tells of the rest. */
_must_check_ snap_err snap_digest_signals(struct snap_tracee *tracee,
					  struct snap_buffer *ret);

/** Which timers there are. */
_must_check_ snap_err snap_digest_timers(struct snap_tracee *tracee,
					 struct snap_buffer *ret);

#endif
