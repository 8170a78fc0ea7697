/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_WANTED_H
#define SNAP_INJECT_WANTED_H

#include "core/inject/memory.h"

/**
 * What some memory shall be, with the bytes in it that are not the program's as they
 * are now.
 *
 * @param image What the image has there; NULL: zeros.
 * @param live What is there now.
 * @param space As large; used where the image alone does not tell.
 * @return `image` or `space`.
 */
const uint8_t *snap_wanted_bytes(const struct snap_rewinder *rewinder, uint64_t start,
				 size_t size, const uint8_t *image, const uint8_t *live,
				 uint8_t *space);

#endif
