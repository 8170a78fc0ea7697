/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_IMAGE_DIGEST_H
#define SNAP_IMAGE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/image/format.h"

/**
 * The digest of the head of an image, which comes in two pieces; the second may be
 * empty.
 */
_must_check_ snap_err snap_digest_head(const void *first, size_t first_size,
				       const void *second, size_t second_size,
				       uint8_t ret[SNAP_HEAD_DIGEST_SIZE]);

#endif
