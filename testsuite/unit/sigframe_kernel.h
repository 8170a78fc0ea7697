/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TESTSUITE_SIGFRAME_KERNEL_H
#define SNAP_TESTSUITE_SIGFRAME_KERNEL_H

#include <stddef.h>

/**
 * The layout of the x86-64 signal frame as the kernel's own headers have it. They
 * cannot be included beside the C library's: this is the door between the two.
 */
struct sigframe_kernel_field {
	/** As in the kernel's headers. */
	const char *name;
	/** From the start of the frame, or of the floating point state. */
	size_t offset;
	size_t size;
};

/** Ends with a NULL name. NULL when compiled for another CPU. */
extern const struct sigframe_kernel_field *const sigframe_kernel_fields;

extern const unsigned long sigframe_kernel_magic1;
extern const unsigned long sigframe_kernel_magic2;
extern const unsigned long sigframe_kernel_uc_flags;

#endif
