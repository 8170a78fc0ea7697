/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_MODEL_BUILD_ID_H
#define SNAP_MODEL_BUILD_ID_H

#include <stddef.h>
#include <stdint.h>

#include "core/model/vma.h"

/**
 * The GNU build-id of an ELF file by its first bytes, as they lie in memory.
 *
 * @param head Not trusted.
 * @return Its size, cut to SNAP_BUILD_ID_SIZE; 0: no ELF file, or no build-id in there.
 */
uint8_t snap_build_id_of_memory(const uint8_t *head, size_t size,
				uint8_t ret[SNAP_BUILD_ID_SIZE]);

/** The same of an open file. */
uint8_t snap_build_id_of_file(int fd, uint8_t ret[SNAP_BUILD_ID_SIZE]);

#endif
