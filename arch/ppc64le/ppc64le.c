// SPDX-License-Identifier: GPL-3.0-or-later
#include "arch/ppc64le/ppc64le.h"

static uint64_t general(const struct snap_thread *thread, unsigned slot)
{
	const uint8_t *regs = snap_ppc64le_general(thread);
	return regs ? snap_ppc64le_reg(regs, slot) : 0;
}

uint64_t snap_ppc64le_pc(const struct snap_thread *thread)
{
	return general(thread, PPC_NIP);
}

uint64_t snap_ppc64le_sp(const struct snap_thread *thread)
{
	return general(thread, PPC_R1);
}

bool snap_ppc64le_dwarf_register(const struct snap_thread *thread, unsigned number,
				 uint64_t *ret)
{
	// 64-bit ELF V2 ABI specification, 2.4: 0 to 31 are r0 to r31, 65 is lr.
	const uint8_t *regs = snap_ppc64le_general(thread);
	if (!regs || (number > 31 && number != 65))
		return false;
	*ret = snap_ppc64le_reg(regs, number == 65 ? PPC_LR : number);
	return true;
}

bool snap_ppc64le_is_native(const struct snap_thread *thread)
{
	const uint64_t both = PPC_MSR_SF | PPC_MSR_LE;
	return (general(thread, PPC_MSR) & both) == both;
}

uint64_t snap_ppc64le_transaction(const struct snap_thread *thread)
{
	return general(thread, PPC_MSR) & PPC_MSR_TS;
}
