/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_END_H
#define SNAP_INJECT_END_H

#include "core/inject/borrow.h"

/**
 * Make a borrowed thread call exit(2): it executes nothing else. Whatever it had
 * registered that the kernel would write to has been taken away before. The debugger
 * has still to be told: the exit status waits for it.
 *
 * Not for the thread group leader. Can be called again when it failed.
 */
_must_check_ snap_err snap_end_thread(struct snap_borrowed *borrowed);

#endif
