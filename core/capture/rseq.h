/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_CAPTURE_RSEQ_H
#define SNAP_CAPTURE_RSEQ_H

#include "core/capture/copy.h"
#include "core/model/snapshot.h"
#include "core/tracee/tracee.h"

/** Of the pointer to the sequence in struct rseq (include/uapi/linux/rseq.h). */
#define SNAP_RSEQ_CS_OFFSET 8

/** The most ranges that one thread has. */
#define SNAP_RSEQ_RANGES 2

/**
 * The bytes of a thread's registered struct rseq that only the kernel writes: the
 * number of the CPU, and of the node and memory map context
 * (include/uapi/linux/rseq.h).
 *
 * @return How many of ret[] were filled, 0 without a registration.
 */
size_t snap_rseq_kernel_ranges(const struct snap_thread *thread,
			       struct snap_range ret[SNAP_RSEQ_RANGES]);

/**
 * Abort, in a captured snapshot, the restartable sequences that threads are inside of,
 * as the kernel would do when it lets them run (kernel/rseq.c): the pc goes to the
 * abort handler, and the pointer to the sequence is cleared in the captured memory.
 *
 * @param copy What is still to be copied; NULL: nothing.
 */
_must_check_ snap_err snap_rseq_settle(struct snap_tracee *tracee,
				       struct snap_copy *copy,
				       struct snap_snapshot *snapshot);

#endif
