/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_ARCH_VDSO_H
#define SNAP_ARCH_VDSO_H

#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * Code that the kernel maps into every process (man 7 vdso). A program has noted where
 * its functions are; under another kernel they have to lead to that kernel's.
 */

enum snap_vdso_way {
	/** It goes to the function of the same name; if there is none, as below. */
	SNAP_VDSO_JUMP,
	/** It makes its system call: what it keeps in memory is one kernel's alone. */
	SNAP_VDSO_CALL,
	/** It needs nothing of the kernel's but a system call that all have, and others
	 * know it by its bytes: the end of a signal handler. */
	SNAP_VDSO_KEEP,
};

struct snap_vdso_function {
	const char *name;
	enum snap_vdso_way way;
	/** With the same arguments and results; -1: none, and ENOSYS is the answer. */
	int32_t syscall;
};

/** All of one architecture. */
struct snap_vdso_code {
	/** Others are SNAP_VDSO_JUMP without a system call. */
	const struct snap_vdso_function *functions;
	size_t nr_functions;
	/** Go to an address, with all arguments as they are. */
	size_t jump_size;
	void (*encode_jump)(uint8_t *code, uint64_t to);
	/** Make a system call of this number and return. */
	size_t call_size;
	void (*encode_call)(uint8_t *code, int32_t number);
};

#endif
