/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STORY_PATTERNS_H
#define STORY_PATTERNS_H

#include <cpuid.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../registers/values.h"
#include "cycle.h"

/*
 * Values for all registers of one thread in one round, and the comparison.
 * Intel SDM volume 1, chapter 13 (XSAVE); AMX: chapter 18.
 */

// What a register may hold and the load does not refuse.
enum {
	FEATURE_X87 = 0,
	FEATURE_SSE = 1,
	FEATURE_PKRU = 9,
	FEATURE_TILECFG = 17,
	FEATURE_TILEDATA = 18,
};

struct component {
	int number;
	const char *name;
	size_t register_size;
};

static const struct component known_components[] = {
	{ 2, "upper half of ymm", 16 },    { 5, "k", 8 },
	{ 6, "upper half of zmm", 32 },    { 7, "zmm16 +", 64 },
	{ FEATURE_PKRU, "pkru", 8 },       { FEATURE_TILECFG, "tilecfg", 64 },
	{ FEATURE_TILEDATA, "tmm", 1024 },
};

#define NR_COMPONENTS (sizeof(known_components) / sizeof(known_components[0]))

struct cpu_layout {
	/** 0: the CPU has no XSAVE, and FXSAVE does it. */
	uint64_t components;
	uint32_t offsets[NR_COMPONENTS];
	uint32_t sizes[NR_COMPONENTS];
	/** AMD restores the x87 instruction and data pointers only with an exception.
	 */
	int has_x87_pointers;
};

static inline void pattern_legacy(uint8_t *area, const struct cpu_layout *layout,
				  uint64_t seed)
{
	uint64_t r = mix(seed ^ 0x87);
	// All exceptions masked; any rounding and any precision but the reserved one.
	uint16_t control = 0x037f | (r & 0x0c00);
	// TOP, the condition codes and the sticky flags; ES and B stay 0.
	uint16_t status = (r >> 16) & 0x7f7f;
	uint32_t mxcsr = 0x1f80 | ((r >> 32) & 0xe07f);

	memcpy(area, &control, 2);
	memcpy(area + 2, &status, 2);
	area[4] = (r >> 48) | 1;
	if (layout->has_x87_pointers) {
		uint16_t opcode = (r >> 52) & 0x7ff;
		uint64_t pointers[2] = { mix(r) >> 17, mix(~r) >> 17 };
		memcpy(area + 6, &opcode, 2);
		memcpy(area + 8, pointers, 16);
	}
	memcpy(area + 24, &mxcsr, 4);
	for (int i = 0; i < 8; i++)
		fill(area + 32 + 16 * i, 10, seed + 1000 + i);
	fill(area + 160, 256, seed + 2000);
}

static inline void pattern_component(uint8_t *to, size_t size, int number,
				     uint64_t seed)
{
	fill(to, size, seed + 10000 * number);
	if (number == FEATURE_PKRU) {
		// Key 0 is everybody's memory: it stays allowed.
		uint32_t pkru = (mix(seed) & ~3u) | 4;
		memset(to, 0, size);
		memcpy(to, &pkru, 4);
	} else if (number == FEATURE_TILECFG) {
		memset(to, 0, size);
		to[0] = 1;
		for (int i = 0; i < 8; i++) {
			to[16 + 2 * i] = 64;
			to[48 + i] = 16;
		}
	}
}

static inline void pattern_make(struct cpu *cpu, const struct cpu_layout *layout,
				uint64_t seed)
{
	memset(cpu->area, 0, sizeof(cpu->area));
	fill(cpu->gpr, sizeof(cpu->gpr), seed + 1);
	// The arithmetic flags, DF and AC; bit 1 is always set, IF is the kernel's. Not
	// ID: neither rt_sigreturn nor ptrace sets it (FIX_EFLAGS in signal_64.c,
	// FLAG_MASK in ptrace.c of arch/x86/kernel).
	cpu->rflags = (mix(seed + 2) & 0x40cd5) | 0x202;
	pattern_legacy(cpu->area, layout, seed);
	memcpy(cpu->area + 512, &layout->components, 8);
	for (size_t i = 0; i < NR_COMPONENTS; i++)
		if (layout->components >> known_components[i].number & 1)
			pattern_component(cpu->area + layout->offsets[i],
					  layout->sizes[i], known_components[i].number,
					  seed);
}

/** Compare all that is in the XSAVE area; the number of differing bytes. */
static inline int pattern_compare(const char *who, const struct cpu_layout *layout,
				  const struct cpu *want, const struct cpu *have)
{
	const uint8_t *w = want->area, *h = have->area;
	int nr = 0;

	nr += differ(who, "x87 control ", 24, w, h, 24);
	nr += differ(who, "mxcsr ", 4, w + 24, h + 24, 4);
	for (int i = 0; i < 8; i++)
		nr += differ(who, "st or mm, slot ", 16, w + 32 + 16 * i,
			     h + 32 + 16 * i, 10);
	nr += differ(who, "xmm", 16, w + 160, h + 160, 256);
	nr += differ(who, "xstate_bv ", 8, w + 512, h + 512, 8);
	for (size_t i = 0; i < NR_COMPONENTS; i++)
		if (layout->components >> known_components[i].number & 1)
			nr += differ(who, known_components[i].name,
				     known_components[i].register_size,
				     w + layout->offsets[i], h + layout->offsets[i],
				     layout->sizes[i]);
	return nr;
}

static inline uint64_t xgetbv0(void)
{
	uint32_t low, high;
	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static inline void cpu_set_call(struct cpu *cpu, long number, const uint64_t all[6])
{
	static const int places[] = { RDI, RSI, RDX, R10, R8, R9 };
	cpu->gpr[RAX] = (uint64_t)number;
	for (int i = 0; i < 6; i++)
		cpu->gpr[places[i]] = all[i];
}

static inline long cpu_result(const struct cpu *cpu)
{
	return (long)cpu->gpr[RAX];
}

static inline void cpu_set_count(struct cpu *cpu, uint64_t count)
{
	cpu->gpr[RCX] = count;
}

/** The handler is C, which may read where it is not aligned. */
static inline void cpu_allow_handler(struct cpu *cpu)
{
	cpu->rflags &= ~UINT64_C(0x40000);
}

static inline void cpu_run(const struct cpu *in, struct cpu *out,
			   const struct cpu_layout *layout, int spin)
{
	cpu_cycle(in, out, layout->components, spin);
}

static inline int compare_gpr(const char *who, const struct cpu *want,
			      const struct cpu *have, int is_call)
{
	static const char *const names[NR_GPR] = { "rax", "rbx", "rcx", "rdx", "rsi",
						   "rdi", "rbp", "r8",  "r9",  "r10",
						   "r11", "r12", "r13", "r14", "r15" };
	int nr = 0;

	for (int i = 0; i < NR_GPR; i++) {
		uint64_t value = i == RCX && !is_call ? 0 : want->gpr[i];
		// SYSCALL itself changes these three.
		if ((is_call && (i == RAX || i == RCX || i == R11)) ||
		    have->gpr[i] == value)
			continue;
		nr++;
		fprintf(stderr, "%s: %s is 0x%lx, not 0x%lx\n", who, names[i],
			have->gpr[i], value);
	}
	if (want->rflags != have->rflags && ++nr)
		fprintf(stderr, "%s: rflags are 0x%lx, not 0x%lx\n", who, have->rflags,
			want->rflags);
	if (have->rsp_before != have->rsp_after && ++nr)
		fprintf(stderr, "%s: rsp is 0x%lx, not 0x%lx\n", who, have->rsp_after,
			have->rsp_before);
	for (int i = 0; i < 4; i++)
		if (have->selectors[i] && ++nr)
			fprintf(stderr, "%s: selector %d is %d\n", who, i,
				have->selectors[i]);
	return nr;
}

static inline int cpu_compare(const char *who, const struct cpu_layout *layout,
			      const struct cpu *want, const struct cpu *have,
			      int is_call)
{
	return pattern_compare(who, layout, want, have) +
	       compare_gpr(who, want, have, is_call);
}

// asm/prctl.h
enum {
	SET_GS = 0x1001,
	GET_FS = 0x1003,
	GET_GS = 0x1004
};

static inline uint64_t base(int which)
{
	uint64_t value = 0;
	syscall(SYS_arch_prctl, which, &value);
	return value;
}

static inline void cpu_set_rest(uint64_t seed)
{
	syscall(SYS_arch_prctl, SET_GS, seed >> 18);
}

static inline int cpu_compare_rest(const char *who, uint64_t seed)
{
	int nr = 0;

	if (base(GET_GS) != seed >> 18 && ++nr)
		fprintf(stderr, "%s: gs base is wrong\n", who);
	if (base(GET_FS) != (uint64_t)pthread_self() && ++nr)
		fprintf(stderr, "%s: fs base is wrong\n", who);
	return nr;
}

/** Whether the CPU gives back FOP, FIP and FDP as they were loaded. */
static inline int keeps_x87_pointers(struct cpu_layout *layout)
{
	static struct cpu want, have;

	layout->has_x87_pointers = 1;
	pattern_make(&want, layout, 1);
	want.gpr[RCX] = 1;
	cpu_cycle(&want, &have, layout->components, 1);
	return !memcmp(want.area + 6, have.area + 6, 18);
}

/** 0: there is always something. Asks for AMX, which a process must. */
static inline int cpu_layout_init(struct cpu_layout *layout)
{
	uint32_t a = 0, b = 0, c = 0, d = 0;

	*layout = (struct cpu_layout){ 0 };
	uint64_t enabled = 0;
	if (__get_cpuid(1, &a, &b, &c, &d) && c & bit_OSXSAVE)
		enabled = xgetbv0();
	// ARCH_REQ_XCOMP_PERM (asm/prctl.h): without it the first tile is a SIGILL.
	if (syscall(SYS_arch_prctl, 0x1023, FEATURE_TILEDATA))
		enabled &= ~(3ull << FEATURE_TILECFG);
	layout->components = enabled & 3;
	for (size_t i = 0; i < NR_COMPONENTS; i++) {
		int number = known_components[i].number;
		if (!(enabled >> number & 1))
			continue;
		__get_cpuid_count(0xd, number, &a, &b, &c, &d);
		layout->sizes[i] = a;
		layout->offsets[i] = b;
		layout->components |= 1ull << number;
	}
	layout->has_x87_pointers = keeps_x87_pointers(layout);
	return 0;
}

#endif
