// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "arch/aarch64/aarch64.h"

/** ldr x16, 8; br x16; and behind it where to. x16 is for such veneers
 * (AAPCS64, 6.1.1).
 */
static void encode_jump(uint8_t *code, uint64_t to)
{
	static const uint32_t jump[] = { 0x58000050, 0xd61f0200 };
	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &to, sizeof(to));
}

/** movn or movz x8 with the number; svc #0; ret. */
static void encode_call(uint8_t *code, int32_t number)
{
	uint32_t move = number < 0 ? 0x92800008 | (uint32_t)~number << 5
				   : 0xd2800008 | (uint32_t)number << 5;
	const uint32_t call[] = { move, 0xd4000001, 0xd65f03c0 };
	memcpy(code, call, sizeof(call));
}

// arch/arm64/kernel/vdso/vdso.lds.S
static const struct snap_vdso_function functions[] = {
	{ "__kernel_clock_getres", SNAP_VDSO_JUMP, 114 },
	{ "__kernel_clock_gettime", SNAP_VDSO_JUMP, 113 },
	{ "__kernel_getrandom", SNAP_VDSO_CALL, 278 },
	{ "__kernel_gettimeofday", SNAP_VDSO_JUMP, 169 },
	{ "__kernel_rt_sigreturn", SNAP_VDSO_KEEP, 139 },
};

const struct snap_vdso_code snap_aarch64_vdso = {
	.functions = functions,
	.nr_functions = SNAP_ARRAY_SIZE(functions),
	.jump_size = 16,
	.encode_jump = encode_jump,
	.call_size = 12,
	.encode_call = encode_call,
};
