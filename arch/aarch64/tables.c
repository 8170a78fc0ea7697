// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/aarch64/aarch64.h"

const struct snap_regset_desc snap_aarch64_regsets[] = {
#define SNAP_REGSET(id, set_name, set_owner, type, size, writable, first, nothing, \
		    own)                                                           \
	[SNAP_AARCH64_##id] = {                                                    \
		.name = set_name,                                                  \
		.owner = set_owner,                                                \
		.note_type = type,                                                 \
		.max_size = size,                                                  \
		.is_writable = writable,                                           \
		.is_before_frame = first,                                          \
		.empty_size = nothing,                                             \
		.tells_size = own,                                                 \
	},
#include "arch/aarch64/regsets.def"
#undef SNAP_REGSET
};

/*
 * Linux, Documentation/arch/arm64/memory-tagging-extension.rst; the numbers are those
 * of arch/arm64/include/uapi/asm/mman.h (PROT_MTE) and ptrace.h (PTRACE_PEEKMTETAGS and
 * PTRACE_POKEMTETAGS), and PT_AARCH64_MEMTAG_MTE.
 */
const struct snap_memory_tags snap_aarch64_memory_tags = {
	.name = "MTE",
	.granule = 16,
	.prot = 0x20,
	.read_request = 33,
	.write_request = 34,
	.segment_type = 0x70000002,
};

#define ROW(title, shape, list, bytes, scalable, set, number, start) \
	{                                                            \
		.name = title,                                       \
		.format = SNAP_REGISTER_##shape,                     \
		.group = SNAP_GROUP_##list,                          \
		.size = bytes,                                       \
		.is_scalable = scalable,                             \
		.pieces = { {                                        \
			.regset = SNAP_AARCH64_##set,                \
			.component = number,                         \
			.offset = start,                             \
			.size = bytes,                               \
		} },                                                 \
	},

const struct snap_register_desc snap_aarch64_registers[] = {
#define SNAP_SET(name, set, offset, size, format, group) \
	ROW(#name, format, group, size, false, set, -1, offset)
#define SNAP_SCALABLE(name, set, component, size, format) \
	ROW(#name, format, VECTOR, size, true, set, component, 0)
#include "arch/aarch64/registers.def"
};

_Static_assert(SNAP_ARRAY_SIZE(snap_aarch64_registers) == ARM64_NR_REGISTERS,
	       "aarch64.h counts the rows of registers.def");

const struct snap_aarch64_feature snap_aarch64_features[] = {
#define SNAP_FEATURE(in, at, called, kind) { in, at, called },
#include "arch/aarch64/features.def"
#undef SNAP_FEATURE
};

const struct snap_feature snap_aarch64_offers[] = {
#define NEEDED                             true
#define HINT                               false
#define SNAP_FEATURE(in, at, called, kind) { called, kind },
#include "arch/aarch64/features.def"
#undef SNAP_FEATURE
};
