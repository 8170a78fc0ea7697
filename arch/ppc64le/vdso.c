// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "arch/ppc64le/ppc64le.h"

/** D-form, with a register as both operands: addis, ori and so on. */
static uint32_t immediate(uint32_t opcode, uint32_t target, uint32_t source,
			  uint64_t value)
{
	return opcode << 26 | target << 21 | source << 16 | (uint32_t)(value & 0xffff);
}

/**
 * lis, ori, sldi, oris, ori r12; mtctr r12; bctr. r12 is where a function finds its own
 * address (ELFv2 ABI, 2.3.2.1).
 */
static void encode_jump(uint8_t *code, uint64_t to)
{
	const uint32_t jump[] = {
		immediate(15, 12, 0, to >> 48),
		immediate(24, 12, 12, to >> 32),
		0x798c07c6, // rldicr r12, r12, 32, 31
		immediate(25, 12, 12, to >> 16),
		immediate(24, 12, 12, to),
		0x7d8903a6,
		0x4e800420,
	};
	memcpy(code, jump, sizeof(jump));
}

/** li r0, number; sc; blr. The summary overflow bit tells of errors in both. */
static void encode_call(uint8_t *code, int32_t number)
{
	const uint32_t call[] = {
		immediate(14, 0, 0, (uint64_t)number),
		0x44000002,
		0x4e800020,
	};
	memcpy(code, call, sizeof(call));
}

// arch/powerpc/kernel/vdso/vdso64.lds.S
static const struct snap_vdso_function functions[] = {
	{ "__kernel_clock_getres", SNAP_VDSO_JUMP, 247 },
	{ "__kernel_clock_gettime", SNAP_VDSO_JUMP, 246 },
	{ "__kernel_get_syscall_map", SNAP_VDSO_JUMP, -1 },
	{ "__kernel_get_tbfreq", SNAP_VDSO_JUMP, -1 },
	{ "__kernel_getcpu", SNAP_VDSO_JUMP, 302 },
	{ "__kernel_getrandom", SNAP_VDSO_CALL, 359 },
	{ "__kernel_gettimeofday", SNAP_VDSO_JUMP, 78 },
	{ "__kernel_sigtramp_rt64", SNAP_VDSO_KEEP, 172 },
	{ "__kernel_sync_dicache", SNAP_VDSO_JUMP, -1 },
	{ "__kernel_time", SNAP_VDSO_JUMP, 13 },
};

const struct snap_vdso_code snap_ppc64le_vdso = {
	.functions = functions,
	.nr_functions = SNAP_ARRAY_SIZE(functions),
	.jump_size = 28,
	.encode_jump = encode_jump,
	.call_size = 12,
	.encode_call = encode_call,
};
