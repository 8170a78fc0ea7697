// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The three slots of the GDT that set_thread_area(2) fills, as struct user_desc of
 * Linux, arch/x86/include/uapi/asm/ldt.h: entry number, base, limit, bits.
 */
#include "arch/x86_64/x86_64.h"

enum {
	PTRACE_GET_THREAD_AREA = 25,
	PTRACE_SET_THREAD_AREA = 26,
	/** arch/x86/include/asm/segment.h, GDT_ENTRY_TLS_MIN of 64-bit kernels. */
	GDT_ENTRY_TLS_MIN = 12,
	NR_SLOTS = 3,
	SLOT_SIZE = 16,
	BASE = 4,
	LIMIT = 8,
	BITS = 12,
	/** read_exec_only and seg_not_present: what an empty descriptor reads as. */
	EMPTY_BITS = 0x28,
};

static bool is_unused(const uint8_t *slot)
{
	return !snap_x86_64_load(slot + BASE, 4) &&
	       !snap_x86_64_load(slot + LIMIT, 4) &&
	       (snap_x86_64_load(slot + BITS, 4) & 0x7f) == EMPTY_BITS;
}

const struct snap_regset_slots snap_x86_64_tls_slots = {
	.get_request = PTRACE_GET_THREAD_AREA,
	.set_request = PTRACE_SET_THREAD_AREA,
	.first = GDT_ENTRY_TLS_MIN,
	.nr = NR_SLOTS,
	.slot_size = SLOT_SIZE,
	.is_unused = is_unused,
};
