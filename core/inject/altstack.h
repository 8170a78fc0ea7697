/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_ALTSTACK_H
#define SNAP_INJECT_ALTSTACK_H

#include "core/inject/borrow.h"

/**
 * Give a borrowed thread the signal stack of `wanted`, by sigaltstack(2), also while
 * its registers are on a signal stack.
 *
 * @param scratch 24 free bytes in the process.
 */
_must_check_ snap_err snap_set_altstack(struct snap_borrowed *borrowed,
					uint64_t scratch,
					const struct snap_thread *wanted);

#endif
