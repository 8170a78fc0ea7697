/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_COMPAT_ADAPT_H
#define SNAP_COMPAT_ADAPT_H

#include "core/compat/compat.h"

/** A snapshot as if it had been taken on another machine. Zero-initialise. */
struct snap_adapted {
	/** Its threads and its CPU are its own, the rest is the other snapshot's. */
	struct snap_snapshot snapshot;
};

void snap_adapted_deinit(struct snap_adapted *adapted);
#define _cleanup_adapted_ _cleanup_(snap_adapted_deinit)

/**
 * Check a snapshot against a machine, and re-lay its registers where the machine has
 * them elsewhere.
 *
 * @param mode SNAP_MODE_ANY leaves out registers that the machine does not have.
 * @param[out] adapted Holds what is re-laid: outlives *ret.
 * @param[out] ret `snapshot` itself where there is nothing to do.
 */
_must_check_ snap_err snap_compat_adapt(const struct snap_snapshot *snapshot,
					const struct snap_cpu *machine,
					enum snap_compat_mode mode,
					struct snap_adapted *adapted,
					const struct snap_snapshot **ret);

#endif
