// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "arch/x86_64/x86_64.h"

/** jmp *0(%rip), and behind it where to: no register is used. */
static void encode_jump(uint8_t *code, uint64_t to)
{
	static const uint8_t jump[] = { 0xff, 0x25, 0, 0, 0, 0 };
	memcpy(code, jump, sizeof(jump));
	memcpy(code + sizeof(jump), &to, sizeof(to));
}

/** mov $number, %eax; syscall; ret. None of them has a fourth argument, which would
 * have to be in another register. */
static void encode_call(uint8_t *code, int32_t number)
{
	static const uint8_t call[] = { 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	memcpy(code, call, sizeof(call));
	memcpy(code + 1, &number, sizeof(number));
}

// arch/x86/entry/vdso/vdso.lds.S: each has a second name.
static const struct snap_vdso_function functions[] = {
	{ "__vdso_clock_getres", SNAP_VDSO_JUMP, 229 },
	{ "__vdso_clock_gettime", SNAP_VDSO_JUMP, 228 },
	{ "__vdso_getcpu", SNAP_VDSO_JUMP, 309 },
	{ "__vdso_getrandom", SNAP_VDSO_CALL, 318 },
	{ "__vdso_gettimeofday", SNAP_VDSO_JUMP, 96 },
	{ "__vdso_sgx_enter_enclave", SNAP_VDSO_JUMP, -1 },
	{ "__vdso_time", SNAP_VDSO_JUMP, 201 },
	{ "clock_getres", SNAP_VDSO_JUMP, 229 },
	{ "clock_gettime", SNAP_VDSO_JUMP, 228 },
	{ "getcpu", SNAP_VDSO_JUMP, 309 },
	{ "getrandom", SNAP_VDSO_CALL, 318 },
	{ "gettimeofday", SNAP_VDSO_JUMP, 96 },
	{ "time", SNAP_VDSO_JUMP, 201 },
};

const struct snap_vdso_code snap_x86_64_vdso = {
	.functions = functions,
	.nr_functions = SNAP_ARRAY_SIZE(functions),
	.jump_size = 14,
	.encode_jump = encode_jump,
	.call_size = 8,
	.encode_call = encode_call,
};
