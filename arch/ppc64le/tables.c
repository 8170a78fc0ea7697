// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/ppc64le/ppc64le.h"

const struct snap_regset_desc snap_ppc64le_regsets[] = {
#define SNAP_REGSET(id, set_name, set_owner, type, size, writable, taken, first, \
		    poked)                                                       \
	[SNAP_PPC64LE_##id] = {                                                  \
		.name = set_name,                                                \
		.owner = set_owner,                                              \
		.note_type = type,                                               \
		.max_size = size,                                                \
		.is_writable = writable,                                         \
		.writable_size = taken,                                          \
		.is_before_frame = first,                                        \
		.poke_offset = poked,                                            \
	},
#include "arch/ppc64le/regsets.def"
#undef SNAP_REGSET
};

#define PIECE(set, start, bytes)                                                \
	{                                                                       \
		.regset = SNAP_PPC64LE_##set, .component = -1, .offset = start, \
		.size = bytes                                                   \
	}
#define ROW(title, shape, list, bytes, ...)      \
	{                                        \
		.name = title,                   \
		.format = SNAP_REGISTER_##shape, \
		.group = SNAP_GROUP_##list,      \
		.size = bytes,                   \
		.pieces = { __VA_ARGS__ },       \
	},

const struct snap_register_desc snap_ppc64le_registers[] = {
#define SNAP_PART(name, set, offset, size, format, group) \
	ROW(#name, format, group, size, PIECE(set, offset, size))
#define SNAP_JOINED(name, low, low_offset, high, high_offset)     \
	ROW(#name, VECTOR, VECTOR, 16, PIECE(low, low_offset, 8), \
	    PIECE(high, high_offset, 8))
#include "arch/ppc64le/registers.def"
};

_Static_assert(SNAP_ARRAY_SIZE(snap_ppc64le_registers) == PPC_NR_REGISTERS,
	       "ppc64le.h counts the rows of registers.def");

const struct snap_ppc64le_feature snap_ppc64le_features[] = {
#define SNAP_FEATURE(in, at, called, kind) { in, at, called },
#include "arch/ppc64le/features.def"
#undef SNAP_FEATURE
};

const struct snap_feature snap_ppc64le_offers[] = {
#define NEEDED                             true
#define HINT                               false
#define SNAP_FEATURE(in, at, called, kind) { called, kind },
#include "arch/ppc64le/features.def"
#undef SNAP_FEATURE
};
