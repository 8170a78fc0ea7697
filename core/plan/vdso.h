/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_VDSO_H
#define SNAP_PLAN_VDSO_H

#include <stdbool.h>

#include "arch/arch.h"

/**
 * @file
 * The vdso of an image in a process under another kernel: it is memory like any other
 * there, and its functions lead to those of the kernel that runs.
 */

/** Code as it lies in memory. Nothing is trusted. */
struct snap_vdso {
	uint64_t start;
	uint64_t size;
	/** Of an ELF file. Not owned. */
	const uint8_t *bytes;
};

/**
 * The bytes of an image's vdso, each function of it replaced.
 *
 * @param present That of the kernel that runs, where the process has it; size 0: none.
 * @param[out] ret image->size bytes; of no meaning on an error. SNAP_ERROR_REFUSED
 *names the function that has too little room.
 */
_must_check_ snap_err snap_vdso_redirect(const struct snap_arch *arch,
					 const struct snap_vdso *image,
					 const struct snap_vdso *present, uint8_t *ret);

/**
 * Whether a thread may go on from an address in an image's vdso once it is redirected:
 * where a function begins, and in one that is left as it is.
 */
_must_check_ snap_err snap_vdso_may_continue(const struct snap_arch *arch,
					     const struct snap_vdso *image,
					     uint64_t address, bool *ret);

#endif
