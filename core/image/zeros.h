/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_ZEROS_H
#define SNAP_IMAGE_ZEROS_H

#include <stdint.h>

#include "core/base/progress.h"

/**
 * Check that a range of a file reads as zeros: what is no digest's and yet shown by
 * every tool. Holes are passed over without reading them.
 *
 * Something else there is SNAP_ERROR_CORRUPT.
 *
 * @param progress May be NULL; asked between the MiBs that have to be read.
 */
_must_check_ snap_err snap_file_check_zeros(int fd, uint64_t start, uint64_t end,
					    const struct snap_progress *progress);

#endif
