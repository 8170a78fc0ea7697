/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_USERFAULTFD_H
#define SNAP_INJECT_USERFAULTFD_H

#include "core/inject/borrow.h"

/**
 * Why there is none: the kernel does not give it to us, or has not all of the features.
 */
extern const char snap_no_such_userfaultfd[];

/**
 * A userfaultfd(2) of the process's memory that is ours alone: the process makes it, we
 * take it (pidfd_getfd(2)), and it closes its own. Closing ours takes everything off.
 *
 * @param features UFFD_FEATURE_*: all of them, or there is none.
 * @param[out] ret Owned by the caller: close(). Untouched where there is none.
 * @param[out] ret_why A static text, part of a sentence, where there is none; otherwise
 *	untouched.
 */
_must_check_ snap_err snap_make_userfaultfd(struct snap_borrowed *who,
					    uint64_t features, int *ret,
					    const char **ret_why);

#endif
