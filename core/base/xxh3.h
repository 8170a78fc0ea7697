/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_BASE_XXH3_H
#define SNAP_BASE_XXH3_H

/**
 * @file
 * XXH3 of libxxhash, with the widest instructions that this CPU has: the header for x86
 * puts functions that choose them in the place of the others.
 */

#include "config.h"

#include <xxhash.h>

#ifdef HAVE_XXH3_64BITS_UPDATE_DISPATCH
#	include <xxh_x86dispatch.h>
#endif

#endif
