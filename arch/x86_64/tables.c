// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/x86_64/x86_64.h"

const struct snap_regset_desc snap_x86_64_regsets[] = {
#define SNAP_REGSET(id, set_name, set_owner, type, size, writable, shadowed, by_slots) \
	[SNAP_X86_64_##id] = {                                                         \
		.name = set_name,                                                      \
		.owner = set_owner,                                                    \
		.note_type = type,                                                     \
		.max_size = size,                                                      \
		.is_writable = writable,                                               \
		.is_shadowed = shadowed,                                               \
		.slots = by_slots,                                                     \
	},
#include "arch/x86_64/regsets.def"
#undef SNAP_REGSET
};

#define PIECE(set, number, start, bytes)                                           \
	{                                                                          \
		.regset = SNAP_X86_64_##set, .component = number, .offset = start, \
		.size = bytes                                                      \
	}
#define ROW(title, shape, list, bytes, ...)      \
	{                                        \
		.name = title,                   \
		.format = SNAP_REGISTER_##shape, \
		.group = SNAP_GROUP_##list,      \
		.size = bytes,                   \
		.pieces = { __VA_ARGS__ },       \
	},

#define XMM_PIECE(n) PIECE(FP, -1, X86_XMM + 16 * (n), 16)
#define YMM_PIECE(n) PIECE(XSTATE, 2, 16 * (n), 16)
#define ZMM_PIECE(n) PIECE(XSTATE, 6, 32 * (n), 32)

const struct snap_register_desc snap_x86_64_registers[] = {
#define SNAP_GENERAL(name, offset, format, group) \
	ROW(#name, format, group, 8, PIECE(GENERAL, -1, offset, 8))
#define SNAP_LEGACY(name, offset, size, format, group) \
	ROW(#name, format, group, size, PIECE(FP, -1, offset, size))
#define SNAP_XMM(n) ROW("xmm" #n, VECTOR, VECTOR, 16, XMM_PIECE(n))
#define SNAP_YMM(n) ROW("ymm" #n, VECTOR, VECTOR, 32, XMM_PIECE(n), YMM_PIECE(n))
#define SNAP_ZMM(n) \
	ROW("zmm" #n, VECTOR, VECTOR, 64, XMM_PIECE(n), YMM_PIECE(n), ZMM_PIECE(n))
#define SNAP_ZMM_HIGH(n) \
	ROW("zmm" #n, VECTOR, VECTOR, 64, PIECE(XSTATE, 7, 64 * ((n)-16), 64))
#define SNAP_COMPONENT(name, number, offset, size, format, group) \
	ROW(#name, format, group, size, PIECE(XSTATE, number, offset, size))
#define SNAP_SET(name, set, offset, size, format, group) \
	ROW(#name, format, group, size, PIECE(set, -1, offset, size))
#include "arch/x86_64/registers.def"
};

_Static_assert(SNAP_ARRAY_SIZE(snap_x86_64_registers) == X86_NR_REGISTERS,
	       "x86_64.h counts the rows of registers.def");

const struct snap_x86_64_feature snap_x86_64_features[] = {
#define SNAP_FEATURE(of_leaf, of_subleaf, in, at, called, kind) \
	{ of_leaf, of_subleaf, SNAP_X86_64_##in, at, called },
#include "arch/x86_64/features.def"
#undef SNAP_FEATURE
};

const size_t snap_x86_64_nr_features = SNAP_ARRAY_SIZE(snap_x86_64_features);

const struct snap_feature snap_x86_64_offers[] = {
#define NEEDED                                                  true
#define HINT                                                    false
#define SNAP_FEATURE(of_leaf, of_subleaf, in, at, called, kind) { called, kind },
#include "arch/x86_64/features.def"
#undef SNAP_FEATURE
};
