#ifndef SNAP_TRACEE_FDS_H
#define SNAP_TRACEE_FDS_H

#include "core/base/buffer.h"
#include "core/tracee/tracee.h"

/**
 * The open files of the process as text, a line each, by their numbers: number, what it
 * is, offset and flags.
 *
 * @param[out] ret Grows by the text, without a NUL.
 */
_must_check_ snap_err snap_tracee_list_fds(struct snap_tracee *tracee,
					   struct snap_buffer *ret);

#endif
