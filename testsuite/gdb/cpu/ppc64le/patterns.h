/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_PATTERNS_H
#define STORY_PATTERNS_H

#include <sys/auxv.h>

#include "../../registers/values.h"
#include "cycle.h"

struct cpu_layout {
	int unused;
};

/** 0, or -1 before POWER8: it has neither TAR nor a DSCR of the program's own. */
static inline int cpu_layout_init(struct cpu_layout *layout)
{
	*layout = (struct cpu_layout){ 0 };
	return getauxval(AT_HWCAP2) & 0x80000000 ? 0 : -1; // PPC_FEATURE2_ARCH_2_07
}

static inline void pattern_make(struct cpu *cpu, const struct cpu_layout *layout,
				uint64_t seed)
{
	memset(cpu, 0, sizeof(*cpu));
	fill(cpu->gpr, sizeof(cpu->gpr), seed + 1);
	fill(cpu->vs, sizeof(cpu->vs), seed + 2000);
	cpu->cr = mix(seed + 2) & 0xffffffff;
	// Power ISA, 3.2.2: SO, OV, CA and the length for lswx.
	cpu->xer = mix(seed + 3) & 0xe000007f;
	cpu->ctr = mix(seed + 4);
	cpu->lr = mix(seed + 5) & ~UINT64_C(3);
	cpu->vrsave = mix(seed + 6) & 0xffffffff;
	cpu->tar = mix(seed + 7);
	// 4.2.2: the rounding modes of decimal and binary, and the class of a result.
	cpu->fpscr = mix(seed + 8) & UINT64_C(0x70001f003);
	// Depth and stride of prefetching: the low bits.
	cpu->dscr = mix(seed + 9) & 0x3f;
	// 6.3.2: not Java, and saturation.
	cpu->vscr[0] = mix(seed + 10) & 0x00010001;
}

static inline void cpu_set_call(struct cpu *cpu, long number, const uint64_t all[6])
{
	memcpy(&cpu->gpr[3], all, 6 * sizeof(*all));
	cpu->gpr[0] = (uint64_t)number;
}

/** CR0.SO says that it is an error (Documentation/arch/powerpc/syscall64-abi.rst). */
static inline long cpu_result(const struct cpu *cpu)
{
	long result = (long)cpu->gpr[3];
	return cpu->cr >> 28 & 1 ? -result : result;
}

static inline void cpu_set_count(struct cpu *cpu, uint64_t count)
{
	cpu->ctr = count;
}

/** Nothing of the pattern is in its way. */
static inline void cpu_allow_handler(struct cpu *cpu)
{
}

static inline void cpu_run(const struct cpu *in, struct cpu *out,
			   const struct cpu_layout *layout, int spin)
{
	cpu_cycle(in, out, spin);
}

static inline int compare_one(const char *who, const char *name, uint64_t want,
			      uint64_t have)
{
	if (want != have)
		fprintf(stderr, "%s: %s is 0x%lx, not 0x%lx\n", who, name, have, want);
	return want != have;
}

/** Those that a call may change are not the program's: r0, r3 to r12, CR0, XER, CTR. */
static inline int compare_gpr(const char *who, const struct cpu *want,
			      const struct cpu *have, int is_call)
{
	char name[8];
	int nr = 0;

	for (int i = 0; i < 32; i++) {
		int is_volatile = is_call && (!i || (i >= 3 && i <= 12));
		if (i == 1 || i == 13 || is_volatile)
			continue;
		snprintf(name, sizeof(name), "r%d", i);
		nr += compare_one(who, name, want->gpr[i], have->gpr[i]);
	}
	uint64_t kept = is_call ? 0x0fffffff : 0xffffffff;
	nr += compare_one(who, "cr", want->cr & kept, have->cr & kept);
	if (!is_call) {
		nr += compare_one(who, "xer", want->xer, have->xer);
		nr += compare_one(who, "ctr", 0, have->ctr);
	}
	return nr;
}

static inline int cpu_compare(const char *who, const struct cpu_layout *layout,
			      const struct cpu *want, const struct cpu *have,
			      int is_call)
{
	int nr = compare_gpr(who, want, have, is_call);

	nr += compare_one(who, "lr", want->lr, have->lr);
	nr += compare_one(who, "vrsave", want->vrsave, have->vrsave);
	nr += compare_one(who, "tar", want->tar, have->tar);
	nr += compare_one(who, "fpscr", want->fpscr, have->fpscr);
	nr += compare_one(who, "dscr", want->dscr, have->dscr);
	nr += compare_one(who, "vscr", want->vscr[0], have->vscr[0]);
	nr += compare_one(who, "r1", have->r1_before, have->r1_after);
	return nr + differ(who, "vs", 16, want->vs[0], have->vs[0], sizeof(want->vs));
}

/** r13 is the C library's: it stays. */
static inline void cpu_set_rest(uint64_t seed)
{
}

static inline int cpu_compare_rest(const char *who, uint64_t seed)
{
	return 0;
}

#endif
