/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_OPEN_FLAGS_H
#define SNAP_TRACEE_OPEN_FLAGS_H

#include <stdint.h>

/**
 * @file
 * The flags of open(2): in a model and in an image they have the numbers of
 * snap_open_file.flags, and here those of this machine's kernel.
 */

uint32_t snap_open_flags_of_kernel(uint32_t flags);
uint32_t snap_open_flags_for_kernel(uint32_t flags);

#endif
