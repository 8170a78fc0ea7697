// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Four threads keep values of their own in what SME has, each in another mode: outside
 * of streaming mode and in it, without ZA and ZT0 and with them; in TPIDR2, and in FPMR
 * where there is one. They wait for the next round without a system call, which would
 * leave streaming mode. Between rounds the conductor calls tick(): there a debugger may
 * stop, and do what it wants. Each thread checks what it finds, at the end of its
 * round, and takes the next mode.
 *
 * streaming [ROUNDS [LENGTH]]: exits with 0 after so many rounds, 77 on another CPU
 * than aarch64, one without SME, or one without streaming vectors of LENGTH bytes (0:
 * as many as a thread begins with).
 */
#include "../story.h"

#ifndef __aarch64__

int main(void)
{
	return 77;
}

#else

#	include <stddef.h>
#	include <stdint.h>
#	include <string.h>
#	include <sys/auxv.h>
#	include <sys/prctl.h>

// Linux 6.8's headers and older ones: arch/arm64/include/uapi/asm/hwcap.h.
#	define CAP2_SME   (1ul << 23)
#	define CAP2_SME2  (1ul << 37)
#	define CAP2_FPMR  (1ul << 48)
// include/uapi/linux/prctl.h.
#	define SME_SET_VL 63
#	define SME_GET_VL 64
#	define VL_MASK    0xffff

enum {
	MOST = 256 // The longest vector, in bytes.
};

/** The modes, as SVCR has them, and what the CPU has beyond SME. */
enum {
	IS_STREAMING = 1,
	HAS_ZA = 2,
	HAS_ZT = 4,
	HAS_FPMR = 8
};

/** The registers of a thread, as cycle() has them. */
struct state {
	uint64_t tpidr2;
	uint64_t fpmr;
	uint64_t svcr;
	uint64_t unused[5];
	uint8_t zt[64];
	uint8_t p[16 * MOST / 8]; // 128
	uint8_t z[32 * MOST];     // 640
	uint8_t za[MOST * MOST];  // 8832
} __attribute__((aligned(64)));

#	include "rounds.h"

_Static_assert(offsetof(struct state, zt) == 64, "used by cycle()");
_Static_assert(offsetof(struct state, p) == 128, "used by cycle()");
_Static_assert(offsetof(struct state, z) == 640, "used by cycle()");
_Static_assert(offsetof(struct state, za) == 8832, "used by cycle()");

/**
 * Take the modes in `flags`, load `in`, wait until *released is no longer below
 * `round`, store to `out`, and leave the modes.
 */
void cycle(const struct state *in, struct state *out, volatile uint64_t *released,
	   uint64_t round, uint64_t flags);

/*
 * x9: the state's vectors, x10: the row of ZA, w12: its number, x13: the length of a
 * vector. Neither the names of TPIDR2_EL0 and FPMR nor ZT0 are known to binutils 2.40.
 */
asm(".text\n"
    "	.arch armv8.2-a+sve+sme\n"
    "	.macro each_z what\n"
    "	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,"
    "27,28,29,30,31\n"
    "	\\what z\\n, [x9, #\\n, mul vl]\n"
    "	.endr\n"
    "	.endm\n"
    "	.macro each_p what\n"
    "	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
    "	\\what p\\n, [x9, #\\n, mul vl]\n"
    "	.endr\n"
    "	.endm\n"
    "	.macro each_row what\n"
    "	rdsvl x13, #1\n"
    "	mov w12, #0\n"
    "1:	\\what za[w12, #0], [x10]\n"
    "	add x10, x10, x13\n"
    "	add w12, w12, #1\n"
    "	cmp w12, w13\n"
    "	b.lo 1b\n"
    "	.endm\n"
    ".globl cycle\n"
    ".type cycle, @function\n"
    "cycle:\n"
    "	.cfi_startproc\n"
    "	stp d8, d9, [sp, #-64]!\n"
    "	.cfi_def_cfa_offset 64\n"
    "	stp d10, d11, [sp, #16]\n"
    "	stp d12, d13, [sp, #32]\n"
    "	stp d14, d15, [sp, #48]\n"
    "	ldr x8, [x0]\n"
    "	msr S3_3_C13_C0_5, x8\n" // TPIDR2_EL0
    "	tbz x4, #0, 2f\n"
    "	smstart sm\n"
    "2:	tbz x4, #1, 3f\n"
    "	smstart za\n"
    "	mov x10, #8832\n"
    "	add x10, x10, x0\n"
    "	each_row ldr\n"
    "	tbz x4, #2, 3f\n"
    "	add x10, x0, #64\n"
    "	.inst 0xe11f8140\n" // ldr zt0, [x10]
    "3:	add x9, x0, #128\n"
    "	each_p ldr\n"
    "	add x9, x0, #640\n"
    "	each_z ldr\n"
    // Behind SMSTART, which clears it.
    "	tbz x4, #3, 4f\n"
    "	ldr x8, [x0, #8]\n"
    "	msr S3_3_C4_C4_2, x8\n" // FPMR
    "4:	ldar x8, [x2]\n"
    "	cmp x8, x3\n"
    "	b.lo 4b\n"
    "	mrs x8, S3_3_C4_C2_2\n" // SVCR
    "	str x8, [x1, #16]\n"
    "	mrs x8, S3_3_C13_C0_5\n"
    "	str x8, [x1]\n"
    "	tbz x4, #3, 5f\n"
    "	mrs x8, S3_3_C4_C4_2\n"
    "	str x8, [x1, #8]\n"
    "5:	add x9, x1, #128\n"
    "	each_p str\n"
    "	add x9, x1, #640\n"
    "	each_z str\n"
    "	tbz x4, #1, 6f\n"
    "	mov x10, #8832\n"
    "	add x10, x10, x1\n"
    "	each_row str\n"
    "	tbz x4, #2, 6f\n"
    "	add x10, x1, #64\n"
    "	.inst 0xe13f8140\n" // str zt0, [x10]
    "6:	smstop\n"
    "	ldp d10, d11, [sp, #16]\n"
    "	ldp d12, d13, [sp, #32]\n"
    "	ldp d14, d15, [sp, #48]\n"
    "	ldp d8, d9, [sp], #64\n"
    "	.cfi_def_cfa_offset 0\n"
    "	ret\n"
    "	.cfi_endproc\n"
    "	.size cycle, . - cycle\n"
    "	.arch armv8-a\n");

/** What this CPU has beyond SME; streaming mode, where there are vectors only in it. */
static uint64_t always;

STORY_PLACE void tick(void)
{
	asm volatile("" ::: "memory");
}

static size_t streaming_length(void)
{
	int vl = prctl(SME_GET_VL);
	CHECK(vl >= 0);
	return vl & VL_MASK;
}

static void make(struct worker *w, uint64_t modes, size_t svl)
{
	uint64_t seed = begin_round(w);
	size_t vl = modes & IS_STREAMING ? svl : prctl(PR_SVE_GET_VL) & VL_MASK;
	w->want.tpidr2 = seed;
	w->want.svcr = modes & (IS_STREAMING | HAS_ZA);
	fill(w->want.p, 16 * vl / 8, seed + 10000);
	fill(w->want.z, 32 * vl, seed + 20000);
	if (modes & HAS_FPMR)
		w->want.fpmr = seed & 0x3fff7fc1ff; // The bits that it has.
	if (modes & HAS_ZA)
		fill(w->want.za, svl * svl, seed + 30000);
	if (modes & HAS_ZA && modes & HAS_ZT)
		fill(w->want.zt, sizeof(w->want.zt), seed + 40000);
}

static void check(const struct worker *w, uint64_t modes)
{
	CHECK(w->have.svcr == w->want.svcr);
	CHECK(w->have.tpidr2 == w->want.tpidr2);
	CHECK(w->have.fpmr == w->want.fpmr);
	int nr = differ("streaming", "p", 1, w->want.p, w->have.p, sizeof(w->want.p)) +
		 differ("streaming", "z", 1, w->want.z, w->have.z, sizeof(w->want.z)) +
		 differ("streaming", "za", 1, w->want.za, w->have.za,
			sizeof(w->want.za)) +
		 differ("streaming", "zt", 1, w->want.zt, w->have.zt,
			sizeof(w->want.zt));
	if (nr)
		fprintf(stderr, "thread %d in round %d with modes %d\n", w->index,
			(int)w->round, (int)modes);
	CHECK(!nr);
}

static void *work(void *argument)
{
	struct worker *w = argument;
	while (w->round < wanted_rounds) {
		if (wanted_vl && streaming_length() != (size_t)wanted_vl)
			CHECK(prctl(SME_SET_VL, wanted_vl) >= 0);
		size_t svl = streaming_length();
		uint64_t modes = ((uint64_t)w->index + w->round) % NR_WORKERS | always;
		make(w, modes, svl);
		w->round++;
		cycle(&w->want, &w->have, &released, w->round, modes);
		check(w, modes);
		CHECK(streaming_length() == svl);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long has = getauxval(AT_HWCAP2);
	if (!(has & CAP2_SME))
		return 77;
	if (!(getauxval(AT_HWCAP) & HWCAP_SVE))
		always |= IS_STREAMING;
	if (has & CAP2_SME2)
		always |= HAS_ZT;
	if (has & CAP2_FPMR)
		always |= HAS_FPMR;
	read_arguments(argc, argv);
	// What this thread has, the others begin with.
	if (wanted_vl)
		CHECK(prctl(SME_SET_VL, wanted_vl) >= 0);
	if (wanted_vl && streaming_length() != (size_t)wanted_vl)
		return 77;
	conduct(work);
	return 0;
}

#endif
