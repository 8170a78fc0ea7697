// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/aarch64/aarch64.h"

static uint64_t general(const struct snap_thread *thread, size_t offset)
{
	const uint8_t *regs = snap_aarch64_general(thread);
	return regs ? snap_aarch64_reg(regs, offset) : 0;
}

uint64_t snap_aarch64_pc(const struct snap_thread *thread)
{
	return general(thread, ARM64_PC);
}

uint64_t snap_aarch64_sp(const struct snap_thread *thread)
{
	return general(thread, ARM64_SP);
}

bool snap_aarch64_dwarf_register(const struct snap_thread *thread, unsigned number,
				 uint64_t *ret)
{
	// DWARF for the Arm 64-bit Architecture, 4.1: the numbers are in the order of
	// the set.
	if (!snap_aarch64_general(thread) || number >= ARM64_NR_DWARF_REGISTERS)
		return false;
	*ret = general(thread, 8 * (size_t)number);
	return true;
}

uint64_t snap_aarch64_signature_bits(const struct snap_thread *thread)
{
	// struct user_pac_mask: of pointers to data, and to code.
	const struct snap_regset *mask = &thread->regsets[SNAP_AARCH64_PAC_MASK];
	return mask->size >= 16 ? snap_aarch64_load(mask->data + 8, 8) : 0;
}

bool snap_aarch64_is_native(const struct snap_thread *thread)
{
	return snap_aarch64_general(thread) &&
	       !(general(thread, ARM64_PSTATE) & ARM64_PSTATE_32);
}
