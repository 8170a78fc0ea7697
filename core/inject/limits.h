/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_LIMITS_H
#define SNAP_INJECT_LIMITS_H

#include "core/inject/restorer.h"

/**
 * A process that has used up a limit leaves a restore nothing to work with: raise its
 * soft limit to the hard one until the restore is done.
 *
 * There is room for one more undo afterwards, as there was before.
 *
 * @param[out] ret false: it is at its hard limit, nothing has changed.
 */
_must_check_ snap_err snap_widen_limit(struct snap_restorer *restorer,
				       unsigned resource, bool *ret);

/**
 * While mappings are changed, what is there and what shall be there count both: let the
 * process have as much address space as we may give it.
 */
_must_check_ snap_err snap_widen_address_space(struct snap_restorer *restorer);

/** Give widened limits the values that they shall have; can be undone. */
_must_check_ snap_err snap_narrow_limits(struct snap_restorer *restorer);

#endif
