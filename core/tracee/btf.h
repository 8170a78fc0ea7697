/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_TRACEE_BTF_H
#define SNAP_TRACEE_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/error.h"

/**
 * @file
 * The kernel's description of its own types: Documentation/bpf/btf.rst.
 */

struct snap_btf {
	/** The file, mapped or read. */
	const uint8_t *data;
	size_t size;
	bool is_mapped;
	/** In the file. */
	uint32_t types;
	uint32_t types_end;
	uint32_t strings;
	uint32_t strings_end;
	/** Where each type is in the file, by its number; 0 is none. */
	uint32_t *index;
	uint32_t nr_types;
};

/** *ret is empty where the kernel has none, or one that we do not understand. */
_must_check_ snap_err snap_btf_read(const char *path, struct snap_btf *ret);
void snap_btf_deinit(struct snap_btf *btf);
#define _cleanup_btf_ _cleanup_(snap_btf_deinit)

/** The number of a function's type; 0: there is none. */
uint32_t snap_btf_find_function(const struct snap_btf *btf, const char *name);

/** How large a structure is, in bytes; 0: there is none of that name. */
uint32_t snap_btf_size(const struct snap_btf *btf, const char *structure);

/** At most so many pointers are followed to a member. */
#define SNAP_BTF_HOPS 4

/** A way from the beginning of a structure to what one of its members says. */
struct snap_btf_path {
	/** The places of pointers, each from where the one before leads to. */
	uint32_t hops[SNAP_BTF_HOPS];
	unsigned nr_hops;
	/** Of the member: a member of bits is in the four bytes there. */
	uint32_t offset;
	uint32_t size;
	/** Which of their bits it is; 0: it is no member of bits. */
	uint32_t mask;
};

/**
 * Find a way.
 *
 * @param path Names of members with dots between them, whether a pointer or a
 * structure.
 * @return false: there is no such member.
 */
bool snap_btf_find_path(const struct snap_btf *btf, const char *structure,
			const char *path, struct snap_btf_path *ret);

#endif
