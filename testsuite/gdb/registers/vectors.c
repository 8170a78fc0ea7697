// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Four threads keep values of their own in all vector registers (Z0 to Z31, P0 to P15
 * and FFR where there is SVE, V0 to V31 where there is none), in FPSR, FPCR and the
 * general registers that are theirs, and wait for the next round without a system call,
 * which would clear what SVE has. Between rounds the conductor calls tick(): there a
 * debugger may stop, and do what it wants. Each thread checks what it finds, at the end
 * of its round.
 *
 * vectors [ROUNDS [LENGTH [SIGNAL]]]: exits with 0 after so many rounds, 77 on another
 * CPU than aarch64, or one without vectors of LENGTH bytes (0: as many as a thread
 * begins with). Each tick() sends SIGNAL (0: none).
 */
#include "../story.h"

#ifndef __aarch64__

int main(void)
{
	return 77;
}

#else

#	include <signal.h>
#	include <stddef.h>
#	include <stdint.h>
#	include <string.h>
#	include <sys/auxv.h>
#	include <sys/prctl.h>

/** The registers of a thread, as cycle_*() has them. */
struct state {
	uint64_t fpsr;
	uint64_t fpcr;
	uint64_t x[16]; // x12 to x17, x19 to x28
	uint8_t unused[48];
	uint8_t z[32 * 256]; // 192
	uint8_t p[16 * 32];
	uint8_t ffr[32];
} __attribute__((aligned(64)));

#	include "rounds.h"

_Static_assert(offsetof(struct state, z) == 192, "used by cycle_*()");
_Static_assert(offsetof(struct state, p) == 192 + 8192, "used by cycle_*()");
_Static_assert(offsetof(struct state, ffr) == 192 + 8192 + 512, "used by cycle_*()");

/** Load `in`, wait until *released is no longer below `round`, store to `out`. */
void cycle_v(const struct state *in, struct state *out, volatile uint64_t *released,
	     uint64_t round);
void cycle_sve(const struct state *in, struct state *out, volatile uint64_t *released,
	       uint64_t round);

asm(".text\n"
    ".globl cycle_v\n"
    ".type cycle_v, @function\n"
    "cycle_v:\n"
    "	.cfi_startproc\n"
    "	sub sp, sp, #160\n"
    "	.cfi_def_cfa_offset 160\n"
    "	stp x19, x20, [sp, #0]\n"
    "	stp x21, x22, [sp, #16]\n"
    "	stp x23, x24, [sp, #32]\n"
    "	stp x25, x26, [sp, #48]\n"
    "	stp x27, x28, [sp, #64]\n"
    "	stp x29, x30, [sp, #80]\n"
    "	stp d8, d9, [sp, #96]\n"
    "	stp d10, d11, [sp, #112]\n"
    "	stp d12, d13, [sp, #128]\n"
    "	stp d14, d15, [sp, #144]\n"
    "	ldp x8, x9, [x0]\n"
    "	msr fpsr, x8\n"
    "	msr fpcr, x9\n"
    "	ldp x12, x13, [x0, #16]\n"
    "	ldp x14, x15, [x0, #32]\n"
    "	ldp x16, x17, [x0, #48]\n"
    "	ldp x19, x20, [x0, #64]\n"
    "	ldp x21, x22, [x0, #80]\n"
    "	ldp x23, x24, [x0, #96]\n"
    "	ldp x25, x26, [x0, #112]\n"
    "	ldp x27, x28, [x0, #128]\n"
    "	add x9, x0, #192\n"
    "	ldp q0, q1, [x9, #0]\n"
    "	ldp q2, q3, [x9, #32]\n"
    "	ldp q4, q5, [x9, #64]\n"
    "	ldp q6, q7, [x9, #96]\n"
    "	ldp q8, q9, [x9, #128]\n"
    "	ldp q10, q11, [x9, #160]\n"
    "	ldp q12, q13, [x9, #192]\n"
    "	ldp q14, q15, [x9, #224]\n"
    "	ldp q16, q17, [x9, #256]\n"
    "	ldp q18, q19, [x9, #288]\n"
    "	ldp q20, q21, [x9, #320]\n"
    "	ldp q22, q23, [x9, #352]\n"
    "	ldp q24, q25, [x9, #384]\n"
    "	ldp q26, q27, [x9, #416]\n"
    "	ldp q28, q29, [x9, #448]\n"
    "	ldp q30, q31, [x9, #480]\n"
    "1:\n"
    "	ldar x8, [x2]\n"
    "	cmp x8, x3\n"
    "	b.lo 1b\n"
    "	add x9, x1, #192\n"
    "	stp q0, q1, [x9, #0]\n"
    "	stp q2, q3, [x9, #32]\n"
    "	stp q4, q5, [x9, #64]\n"
    "	stp q6, q7, [x9, #96]\n"
    "	stp q8, q9, [x9, #128]\n"
    "	stp q10, q11, [x9, #160]\n"
    "	stp q12, q13, [x9, #192]\n"
    "	stp q14, q15, [x9, #224]\n"
    "	stp q16, q17, [x9, #256]\n"
    "	stp q18, q19, [x9, #288]\n"
    "	stp q20, q21, [x9, #320]\n"
    "	stp q22, q23, [x9, #352]\n"
    "	stp q24, q25, [x9, #384]\n"
    "	stp q26, q27, [x9, #416]\n"
    "	stp q28, q29, [x9, #448]\n"
    "	stp q30, q31, [x9, #480]\n"
    "	stp x12, x13, [x1, #16]\n"
    "	stp x14, x15, [x1, #32]\n"
    "	stp x16, x17, [x1, #48]\n"
    "	stp x19, x20, [x1, #64]\n"
    "	stp x21, x22, [x1, #80]\n"
    "	stp x23, x24, [x1, #96]\n"
    "	stp x25, x26, [x1, #112]\n"
    "	stp x27, x28, [x1, #128]\n"
    "	mrs x8, fpsr\n"
    "	mrs x9, fpcr\n"
    "	stp x8, x9, [x1]\n"
    "	msr fpcr, xzr\n"
    "	ldp x19, x20, [sp, #0]\n"
    "	ldp x21, x22, [sp, #16]\n"
    "	ldp x23, x24, [sp, #32]\n"
    "	ldp x25, x26, [sp, #48]\n"
    "	ldp x27, x28, [sp, #64]\n"
    "	ldp x29, x30, [sp, #80]\n"
    "	ldp d8, d9, [sp, #96]\n"
    "	ldp d10, d11, [sp, #112]\n"
    "	ldp d12, d13, [sp, #128]\n"
    "	ldp d14, d15, [sp, #144]\n"
    "	add sp, sp, #160\n"
    "	.cfi_def_cfa_offset 0\n"
    "	ret\n"
    "	.cfi_endproc\n"
    "	.size cycle_v, . - cycle_v\n"
    "	.arch armv8.2-a+sve\n"
    ".globl cycle_sve\n"
    ".type cycle_sve, @function\n"
    "cycle_sve:\n"
    "	.cfi_startproc\n"
    "	sub sp, sp, #160\n"
    "	.cfi_def_cfa_offset 160\n"
    "	stp x19, x20, [sp, #0]\n"
    "	stp x21, x22, [sp, #16]\n"
    "	stp x23, x24, [sp, #32]\n"
    "	stp x25, x26, [sp, #48]\n"
    "	stp x27, x28, [sp, #64]\n"
    "	stp x29, x30, [sp, #80]\n"
    "	stp d8, d9, [sp, #96]\n"
    "	stp d10, d11, [sp, #112]\n"
    "	stp d12, d13, [sp, #128]\n"
    "	stp d14, d15, [sp, #144]\n"
    "	ldp x8, x9, [x0]\n"
    "	msr fpsr, x8\n"
    "	msr fpcr, x9\n"
    "	ldp x12, x13, [x0, #16]\n"
    "	ldp x14, x15, [x0, #32]\n"
    "	ldp x16, x17, [x0, #48]\n"
    "	ldp x19, x20, [x0, #64]\n"
    "	ldp x21, x22, [x0, #80]\n"
    "	ldp x23, x24, [x0, #96]\n"
    "	ldp x25, x26, [x0, #112]\n"
    "	ldp x27, x28, [x0, #128]\n"
    "	add x9, x0, #192\n"
    "	add x10, x9, #2, lsl #12\n"
    "	add x11, x10, #512\n"
    "	ldr z0, [x9, #0, mul vl]\n"
    "	ldr z1, [x9, #1, mul vl]\n"
    "	ldr z2, [x9, #2, mul vl]\n"
    "	ldr z3, [x9, #3, mul vl]\n"
    "	ldr z4, [x9, #4, mul vl]\n"
    "	ldr z5, [x9, #5, mul vl]\n"
    "	ldr z6, [x9, #6, mul vl]\n"
    "	ldr z7, [x9, #7, mul vl]\n"
    "	ldr z8, [x9, #8, mul vl]\n"
    "	ldr z9, [x9, #9, mul vl]\n"
    "	ldr z10, [x9, #10, mul vl]\n"
    "	ldr z11, [x9, #11, mul vl]\n"
    "	ldr z12, [x9, #12, mul vl]\n"
    "	ldr z13, [x9, #13, mul vl]\n"
    "	ldr z14, [x9, #14, mul vl]\n"
    "	ldr z15, [x9, #15, mul vl]\n"
    "	ldr z16, [x9, #16, mul vl]\n"
    "	ldr z17, [x9, #17, mul vl]\n"
    "	ldr z18, [x9, #18, mul vl]\n"
    "	ldr z19, [x9, #19, mul vl]\n"
    "	ldr z20, [x9, #20, mul vl]\n"
    "	ldr z21, [x9, #21, mul vl]\n"
    "	ldr z22, [x9, #22, mul vl]\n"
    "	ldr z23, [x9, #23, mul vl]\n"
    "	ldr z24, [x9, #24, mul vl]\n"
    "	ldr z25, [x9, #25, mul vl]\n"
    "	ldr z26, [x9, #26, mul vl]\n"
    "	ldr z27, [x9, #27, mul vl]\n"
    "	ldr z28, [x9, #28, mul vl]\n"
    "	ldr z29, [x9, #29, mul vl]\n"
    "	ldr z30, [x9, #30, mul vl]\n"
    "	ldr z31, [x9, #31, mul vl]\n"
    "	ldr p0, [x11]\n"
    "	wrffr p0.b\n"
    "	ldr p0, [x10, #0, mul vl]\n"
    "	ldr p1, [x10, #1, mul vl]\n"
    "	ldr p2, [x10, #2, mul vl]\n"
    "	ldr p3, [x10, #3, mul vl]\n"
    "	ldr p4, [x10, #4, mul vl]\n"
    "	ldr p5, [x10, #5, mul vl]\n"
    "	ldr p6, [x10, #6, mul vl]\n"
    "	ldr p7, [x10, #7, mul vl]\n"
    "	ldr p8, [x10, #8, mul vl]\n"
    "	ldr p9, [x10, #9, mul vl]\n"
    "	ldr p10, [x10, #10, mul vl]\n"
    "	ldr p11, [x10, #11, mul vl]\n"
    "	ldr p12, [x10, #12, mul vl]\n"
    "	ldr p13, [x10, #13, mul vl]\n"
    "	ldr p14, [x10, #14, mul vl]\n"
    "	ldr p15, [x10, #15, mul vl]\n"
    "1:\n"
    "	ldar x8, [x2]\n"
    "	cmp x8, x3\n"
    "	b.lo 1b\n"
    "	add x9, x1, #192\n"
    "	add x10, x9, #2, lsl #12\n"
    "	add x11, x10, #512\n"
    "	str z0, [x9, #0, mul vl]\n"
    "	str z1, [x9, #1, mul vl]\n"
    "	str z2, [x9, #2, mul vl]\n"
    "	str z3, [x9, #3, mul vl]\n"
    "	str z4, [x9, #4, mul vl]\n"
    "	str z5, [x9, #5, mul vl]\n"
    "	str z6, [x9, #6, mul vl]\n"
    "	str z7, [x9, #7, mul vl]\n"
    "	str z8, [x9, #8, mul vl]\n"
    "	str z9, [x9, #9, mul vl]\n"
    "	str z10, [x9, #10, mul vl]\n"
    "	str z11, [x9, #11, mul vl]\n"
    "	str z12, [x9, #12, mul vl]\n"
    "	str z13, [x9, #13, mul vl]\n"
    "	str z14, [x9, #14, mul vl]\n"
    "	str z15, [x9, #15, mul vl]\n"
    "	str z16, [x9, #16, mul vl]\n"
    "	str z17, [x9, #17, mul vl]\n"
    "	str z18, [x9, #18, mul vl]\n"
    "	str z19, [x9, #19, mul vl]\n"
    "	str z20, [x9, #20, mul vl]\n"
    "	str z21, [x9, #21, mul vl]\n"
    "	str z22, [x9, #22, mul vl]\n"
    "	str z23, [x9, #23, mul vl]\n"
    "	str z24, [x9, #24, mul vl]\n"
    "	str z25, [x9, #25, mul vl]\n"
    "	str z26, [x9, #26, mul vl]\n"
    "	str z27, [x9, #27, mul vl]\n"
    "	str z28, [x9, #28, mul vl]\n"
    "	str z29, [x9, #29, mul vl]\n"
    "	str z30, [x9, #30, mul vl]\n"
    "	str z31, [x9, #31, mul vl]\n"
    "	str p0, [x10, #0, mul vl]\n"
    "	str p1, [x10, #1, mul vl]\n"
    "	str p2, [x10, #2, mul vl]\n"
    "	str p3, [x10, #3, mul vl]\n"
    "	str p4, [x10, #4, mul vl]\n"
    "	str p5, [x10, #5, mul vl]\n"
    "	str p6, [x10, #6, mul vl]\n"
    "	str p7, [x10, #7, mul vl]\n"
    "	str p8, [x10, #8, mul vl]\n"
    "	str p9, [x10, #9, mul vl]\n"
    "	str p10, [x10, #10, mul vl]\n"
    "	str p11, [x10, #11, mul vl]\n"
    "	str p12, [x10, #12, mul vl]\n"
    "	str p13, [x10, #13, mul vl]\n"
    "	str p14, [x10, #14, mul vl]\n"
    "	str p15, [x10, #15, mul vl]\n"
    "	rdffr p0.b\n"
    "	str p0, [x11]\n"
    "	stp x12, x13, [x1, #16]\n"
    "	stp x14, x15, [x1, #32]\n"
    "	stp x16, x17, [x1, #48]\n"
    "	stp x19, x20, [x1, #64]\n"
    "	stp x21, x22, [x1, #80]\n"
    "	stp x23, x24, [x1, #96]\n"
    "	stp x25, x26, [x1, #112]\n"
    "	stp x27, x28, [x1, #128]\n"
    "	mrs x8, fpsr\n"
    "	mrs x9, fpcr\n"
    "	stp x8, x9, [x1]\n"
    "	msr fpcr, xzr\n"
    "	ldp x19, x20, [sp, #0]\n"
    "	ldp x21, x22, [sp, #16]\n"
    "	ldp x23, x24, [sp, #32]\n"
    "	ldp x25, x26, [sp, #48]\n"
    "	ldp x27, x28, [sp, #64]\n"
    "	ldp x29, x30, [sp, #80]\n"
    "	ldp d8, d9, [sp, #96]\n"
    "	ldp d10, d11, [sp, #112]\n"
    "	ldp d12, d13, [sp, #128]\n"
    "	ldp d14, d15, [sp, #144]\n"
    "	add sp, sp, #160\n"
    "	.cfi_def_cfa_offset 0\n"
    "	ret\n"
    "	.cfi_endproc\n"
    "	.size cycle_sve, . - cycle_sve\n"
    "	.arch armv8-a\n");

static int has_sve;
static int tick_signal;

STORY_PLACE void tick(void)
{
	asm volatile("" ::: "memory");
	if (tick_signal)
		raise(tick_signal);
}

static int vector_length(void)
{
	return has_sve ? prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK : 16;
}

static void make(struct worker *w, int vl)
{
	uint64_t seed = begin_round(w);
	// The sticky flags; any rounding, flushing and default NaN.
	w->want.fpsr = seed & 0x0800009f;
	w->want.fpcr = seed >> 3 & 0x03c00000;
	fill(w->want.x, sizeof(w->want.x), seed + 1);
	fill(w->want.z, 32 * (size_t)vl, seed + 10000);
	if (!has_sve)
		return;
	fill(w->want.p, 16 * (size_t)vl / 8, seed + 30000);
	// FFR has ones up to some place and no more behind it.
	for (int i = 0; i < (int)(seed >> 20) % vl; i++)
		w->want.ffr[i / 8] |= (uint8_t)(1 << i % 8);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	uint64_t self;
	asm("mrs %0, tpidr_el0" : "=r"(self));
	while (w->round < wanted_rounds) {
		if (wanted_vl && vector_length() != wanted_vl)
			CHECK(prctl(PR_SVE_SET_VL, wanted_vl) >= 0);
		int vl = vector_length();
		make(w, vl);
		w->round++;
		(has_sve ? cycle_sve : cycle_v)(&w->want, &w->have, &released,
						w->round);
		uint64_t now;
		asm volatile("mrs %0, tpidr_el0" : "=r"(now));
		CHECK(now == self);
		CHECK(vector_length() == vl);
		CHECK(!memcmp(w->want.z, w->have.z, sizeof(w->want.z)));
		CHECK(!memcmp(&w->want, &w->have, sizeof(w->want)));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	has_sve = !!(getauxval(AT_HWCAP) & HWCAP_SVE);
	read_arguments(argc, argv);
	if (argc > 3)
		tick_signal = atoi(argv[3]);
	// What this thread has, the others begin with.
	if (wanted_vl && has_sve)
		CHECK(prctl(PR_SVE_SET_VL, wanted_vl) >= 0);
	if (wanted_vl && vector_length() != wanted_vl)
		return 77;
	conduct(work);
	return 0;
}

#endif
