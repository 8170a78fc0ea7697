// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The kernel makes room for the tiles of AMX in a thread when it executes an
 * instruction on one for the first time, if its process has asked for that (Linux,
 * Documentation/arch/x86/xstate.rst); nobody can do that from outside
 * (doc/kernel-notes.md). `objdump -D -b binary -m i386:x86-64` shows what the bytes
 * are.
 */
#include "arch/x86_64/x86_64.h"

const uint8_t snap_x86_64_widen_code[X86_WIDEN_CODE_SIZE] = {
	0xb8, 0x9e, 0x00, 0x00, 0x00, // mov eax, 158 (arch_prctl)
	0xbf, 0x23, 0x10, 0x00, 0x00, // mov edi, 0x1023 (ARCH_REQ_XCOMP_PERM)
	0xbe, 0x12, 0x00, 0x00, 0x00, // mov esi, 18 (TILEDATA)
	0x0f, 0x05,                   // syscall
	0xc4, 0xe2, 0x78, 0x49, 0x05, 0x0c, 0x00, 0x00,
	0x00,                         // use: ldtilecfg [palette]
	0xc4, 0xe2, 0x7b, 0x49, 0xc0, // tilezero tmm0
	0xc4, 0xe2, 0x78, 0x49, 0xc0, // tilerelease
	0x0f, 0x05,                   // syscall
	// palette: number 1; tile 0 has 64 bytes in each of its 16 rows
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  //
	64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  //
	16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
};
