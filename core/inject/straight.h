/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_INJECT_STRAIGHT_H
#define SNAP_INJECT_STRAIGHT_H

#include "core/image/unread.h"
#include "core/inject/memory.h"

/**
 * @file
 * Memory that goes straight from an image into a new process: what its snapshot has
 * unread. Threads of ours go over it together.
 */

/**
 * Write it to memory that holds zeros, and compare what is read with its digests:
 * SNAP_ERROR_CORRUPT.
 */
_must_check_ snap_err snap_fill_straight(struct snap_rewinder *rewinder,
					 const struct snap_unread *unread,
					 const char *phase);

/** Compare memory with the digests; where one is another, byte by byte. */
_must_check_ snap_err snap_verify_straight(struct snap_rewinder *rewinder,
					   const struct snap_unread *unread,
					   const char *phase);

#endif
