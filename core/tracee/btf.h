/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_BTF_H
#define SNAP_TRACEE_BTF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buffer.h"

/**
 * @file
 * The kernel's description of its own types: Documentation/bpf/btf.rst.
 */

struct snap_btf {
	struct snap_buffer file;
	/** In the file. */
	uint32_t types;
	uint32_t types_end;
	uint32_t strings;
	uint32_t strings_end;
};

/** *ret is empty where the kernel has none, or one that we do not understand. */
_must_check_ snap_err snap_btf_read(const char *path, struct snap_btf *ret);
void snap_btf_deinit(struct snap_btf *btf);
#define _cleanup_btf_ _cleanup_(snap_btf_deinit)

/** The number of a function's type; 0: there is none. */
uint32_t snap_btf_find_function(const struct snap_btf *btf, const char *name);

/**
 * Where members of a structure begin, also those inside of unnamed ones.
 *
 * @param names,offsets `nr` of them.
 * @return false: one of them is not there, or no whole bytes.
 */
bool snap_btf_find_members(const struct snap_btf *btf, const char *structure,
			   const char *const *names, uint32_t *offsets, unsigned nr);

#endif
