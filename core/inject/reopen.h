/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_REOPEN_H
#define SNAP_INJECT_REOPEN_H

#include "core/inject/restorer.h"

/**
 * Whether a file that was mapped can be mapped again: it is still there under its path,
 * or the process has it open. Touches nothing; SNAP_ERROR_REFUSED says what is wrong.
 */
_must_check_ snap_err snap_check_reopen(struct snap_tracee *tracee,
					const struct snap_vma *vma);

/** Map a part of a file again. No descriptor is left behind, whatever happens. */
_must_check_ snap_err snap_map_file(struct snap_restorer *restorer,
				    const struct snap_step *step, uint64_t prot);

#endif
