/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_PATTERNS_H
#define STORY_PATTERNS_H

#include <pthread.h>

#include <sys/syscall.h>

#include "../../registers/values.h"
#include "cycle.h"

struct cpu_layout {
	int unused;
};

static inline int cpu_layout_init(struct cpu_layout *layout)
{
	*layout = (struct cpu_layout){ 0 };
	return 0;
}

static inline void pattern_make(struct cpu *cpu, const struct cpu_layout *layout,
				uint64_t seed)
{
	fill(cpu->x, sizeof(cpu->x), seed + 1);
	fill(cpu->v, sizeof(cpu->v), seed + 2000);
	// Arm ARM, C5.2: N, Z, C and V; rounding, FZ, DN and AHP, but no trap, which
	// not all CPUs have; QC and the sticky flags.
	cpu->nzcv = mix(seed + 2) & 0xf0000000;
	cpu->fpcr = mix(seed + 3) & 0x07c00000;
	cpu->fpsr = mix(seed + 4) & 0x0800009f;
}

static inline void cpu_set_call(struct cpu *cpu, long number, const uint64_t all[6])
{
	memcpy(cpu->x, all, 6 * sizeof(*all));
	cpu->x[8] = (uint64_t)number;
}

static inline long cpu_result(const struct cpu *cpu)
{
	return (long)cpu->x[0];
}

static inline void cpu_set_count(struct cpu *cpu, uint64_t count)
{
	cpu->x[0] = count;
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

/**
 * A call that a stop has interrupted, and that counts its time on, is made again as
 * another one (Linux, arch/arm64/kernel/signal.c, setup_restart_syscall()).
 */
static inline int compare_number(const char *who, uint64_t want, uint64_t have,
				 int is_call)
{
	return is_call && have == SYS_restart_syscall
		       ? 0
		       : compare_one(who, "x8", want, have);
}

static inline int cpu_compare(const char *who, const struct cpu_layout *layout,
			      const struct cpu *want, const struct cpu *have,
			      int is_call)
{
	int nr = is_call ? 0 : compare_one(who, "x0", 0, have->x[0]);

	nr += differ(who, "x1 + ", 8, (const uint8_t *)&want->x[1],
		     (const uint8_t *)&have->x[1], 7 * 8);
	nr += compare_number(who, want->x[8], have->x[8], is_call);
	nr += differ(who, "x9 + ", 8, (const uint8_t *)&want->x[9],
		     (const uint8_t *)&have->x[9], sizeof(want->x) - 9 * 8);
	nr += compare_one(who, "nzcv", want->nzcv, have->nzcv);
	nr += compare_one(who, "fpcr", want->fpcr, have->fpcr);
	nr += compare_one(who, "fpsr", want->fpsr, have->fpsr);
	nr += compare_one(who, "sp", have->sp_before, have->sp_after);
	return nr + differ(who, "v", 16, want->v[0], have->v[0], sizeof(want->v));
}

/** TPIDR_EL0 is the C library's: it stays. */
static inline void cpu_set_rest(uint64_t seed)
{
}

static inline int cpu_compare_rest(const char *who, uint64_t seed)
{
	return 0;
}

#endif
