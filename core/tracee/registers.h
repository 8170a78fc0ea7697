/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_REGISTERS_H
#define SNAP_TRACEE_REGISTERS_H

#include "core/model/thread.h"
#include "core/tracee/tracee.h"

/**
 * Read one register set of a stopped thread into `thread`.
 *
 * A set that this CPU, kernel or thread does not have is no error: its size is then 0.
 */
_must_check_ snap_err snap_tracee_read_regset(struct snap_tracee *tracee, size_t index,
					      struct snap_thread *thread);

/** All register sets of the architecture. The general one must be there. */
_must_check_ snap_err snap_tracee_read_regsets(struct snap_tracee *tracee,
					       struct snap_thread *thread);

/** Write one register set of a stopped thread. */
_must_check_ snap_err snap_tracee_write_regset(struct snap_tracee *tracee, pid_t tid,
					       size_t index, const void *data,
					       size_t size);

/**
 * Make the writable register sets of a stopped thread those that `wanted` has, from the
 * last row of the table to the first. Each is read right before it: what is the same
 * already is left alone, and so is a shadowed set, which comes with another one.
 *
 * @param is_wanted Which sets; NULL: all.
 */
_must_check_ snap_err
snap_tracee_write_regsets(struct snap_tracee *tracee, const struct snap_thread *wanted,
			  bool (*is_wanted)(const struct snap_regset_desc *desc));

#endif
