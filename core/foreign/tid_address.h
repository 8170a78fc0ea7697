/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_FOREIGN_TID_ADDRESS_H
#define SNAP_FOREIGN_TID_ADDRESS_H

#include "core/model/snapshot.h"

/**
 * Guess where the kernel is to clear each thread's number when it ends (man 2
 * set_tid_address), which is where pthread_join() waits for that: core files do not say
 * it, but a C library keeps the number there, near the thread pointer, and at the same
 * distance from it in all threads. Other words there can be the same by accident, or
 * because a function had the number on its stack.
 *
 * Threads get SNAP_THREAD_TID_ADDRESS where there is one best guess.
 */
_must_check_ snap_err snap_foreign_guess_tid_addresses(struct snap_snapshot *snapshot);

#endif
