// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * What a thread needs of a CPU, as items that the rows of rules.def compare.
 */
#include <stdio.h>

#include "arch/x86_64/x86_64.h"

/** In bits 0 to 5 exceptions are noted, in 7 to 12 masked; 13, 14: rounding. */
static const char *snap_x86_64_mxcsr_bit_name(unsigned bit)
{
	switch (bit) {
	case 6:
		return "denormals-are-zero";
	case 15:
		return "flush-to-zero";
	case 17:
		return "misaligned operands";
	}
	return NULL;
}

/** Linux, arch/x86/include/uapi/asm/hwcap2.h. */
static const char *snap_x86_64_hwcap2_bit_name(unsigned bit)
{
	switch (bit) {
	case 0:
		return "MWAIT in user mode";
	case 1:
		return "instructions for the fs and gs bases";
	}
	return NULL;
}

const struct snap_rule snap_x86_64_rules[] = {
#define SNAP_RULE(...) SNAP_RULE_ROW(__VA_ARGS__)
#include "arch/x86_64/rules.def"
#undef SNAP_RULE
};

_Static_assert(SNAP_ARRAY_SIZE(snap_x86_64_rules) == X86_NR_RULES,
	       "x86_64.h counts the rows of rules.def");

/** Set bits in an item. */
static snap_err add_bits(struct snap_cpu *needs, const char *name, uint64_t bits)
{
	return snap_cpu_set(needs, name, snap_cpu_get(needs, name, 0) | bits);
}

/** Where the image does not say what its machine had, its threads do. */
static snap_err add_offers(const struct snap_thread *thread, struct snap_cpu *needs)
{
	uint64_t mask = snap_x86_64_thread_mask(thread);
	if (!mask)
		return snap_cpu_set(needs, "use.fxsave-only", 1);
	SNAP_TRY(snap_cpu_set(needs, "osxsave", 1));
	return add_bits(needs, "xsave.mask", mask);
}

/** Of components, those that Linux gives only to a process that asks for them. */
static uint64_t dynamic_of(const struct snap_cpu *cpu, uint64_t components)
{
	uint64_t mask = 0;
	for (unsigned i = 0; i < X86_NR_COMPONENTS; i++)
		if (snap_x86_64_is_dynamic(cpu, i))
			mask |= UINT64_C(1) << i;
	return components & mask;
}

static snap_err add_components(const struct snap_cpu *cpu,
			       const struct snap_thread *thread, struct snap_cpu *needs)
{
	uint64_t in_use = snap_x86_64_thread_needs(cpu, thread);
	// Where memory has keys, the kernel's value of PKRU is one that counts, too.
	if (snap_cpu_get(needs, "use.protection-keys", 0))
		in_use = snap_x86_64_thread_in_use(thread);
	SNAP_TRY(add_offers(thread, needs));
	SNAP_TRY(add_bits(needs, "use.xsave", in_use));
	SNAP_TRY(add_bits(needs, "use.dynamic", dynamic_of(cpu, in_use)));
	uint64_t all = snap_cpu_get(needs, "use.xsave", 0);
	SNAP_TRY(snap_cpu_set(needs, "use.idle-xsave",
			      snap_cpu_get(needs, "xsave.mask", 0) & ~all));
	if (in_use & X86_TILE_MASK)
		SNAP_TRY(snap_cpu_set(needs, "use.tiles", 1));
	return SNAP_OK;
}

snap_err snap_x86_64_needs(const struct snap_cpu *cpu, const struct snap_thread *thread,
			   struct snap_cpu *needs)
{
	const uint8_t *legacy = snap_x86_64_legacy(thread);
	const struct snap_regset *shadow = &thread->regsets[SNAP_X86_64_SHSTK];
	if (shadow->size >= 8 && snap_x86_64_load(shadow->data, 8))
		SNAP_TRY(snap_cpu_set(needs, "use.shadow-stack", 1));
	if (!legacy)
		return snap_cpu_set(needs, "use.no-fpu", 1);
	SNAP_TRY(add_bits(needs, "use.mxcsr", snap_x86_64_load(legacy + X86_MXCSR, 4)));
	return add_components(cpu, thread, needs);
}
