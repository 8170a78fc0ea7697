// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/x86_64/x86_64.h"

static uint64_t general(const struct snap_thread *thread,
			enum snap_x86_64_offset offset)
{
	const uint8_t *regs = snap_x86_64_general(thread);
	return regs ? snap_x86_64_reg(regs, offset) : 0;
}

uint64_t snap_x86_64_pc(const struct snap_thread *thread)
{
	return general(thread, X86_rip);
}

uint64_t snap_x86_64_sp(const struct snap_thread *thread)
{
	return general(thread, X86_rsp);
}

bool snap_x86_64_dwarf_register(const struct snap_thread *thread, unsigned number,
				uint64_t *ret)
{
	// System V ABI, AMD64 supplement, figure 3.36.
	static const enum snap_x86_64_offset places[X86_NR_DWARF_REGISTERS] = {
		X86_rax, X86_rdx, X86_rcx, X86_rbx, X86_rsi, X86_rdi,
		X86_rbp, X86_rsp, X86_r8,  X86_r9,  X86_r10, X86_r11,
		X86_r12, X86_r13, X86_r14, X86_r15, X86_rip,
	};

	const uint8_t *regs = snap_x86_64_general(thread);
	if (!regs || number >= X86_NR_DWARF_REGISTERS)
		return false;
	*ret = snap_x86_64_reg(regs, places[number]);
	return true;
}

bool snap_x86_64_is_native(const struct snap_thread *thread)
{
	return general(thread, X86_cs) == X86_USER_CS;
}
