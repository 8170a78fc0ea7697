// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Four threads go through rounds, and wait for the end of each one with values of their
 * own in all registers; every other time inside of a transaction that is suspended,
 * which has begun with other values. At the end of the round a thread stores what it
 * finds, resumes the transaction, and stores what that fails with: it has been off the
 * CPU meanwhile. Between rounds the conductor calls tick(): there a debugger may stop,
 * and do what it wants.
 *
 * transactions [ROUNDS]: exits with 0 after so many rounds, 77 where there are no
 * transactions.
 */
#include "../story.h"

#ifndef __powerpc64__

int main(void)
{
	return 77;
}

#else

#	include <stddef.h>
#	include <stdint.h>
#	include <string.h>
#	include <sys/auxv.h>

#	include "../cpu/ppc64le/patterns.h"

/** What a transaction begins with, and what a thread waits with. */
struct state {
	struct cpu begun, waits;
	uint64_t tfhar, texasr, tfiar;
	/** It has come to where the transaction is suspended. */
	uint64_t is_suspended;
};

#	include "rounds.h"

_Static_assert(sizeof(struct cpu) == 1392, "used by transact()");
_Static_assert(offsetof(struct state, waits) == 1392, "used by transact()");
_Static_assert(offsetof(struct state, tfhar) == 2784, "used by transact()");

enum outcome {
	COMMITTED,
	FAILED,
	OUTSIDE
};

/**
 * Load in->begun and begin a transaction, unless is_outside; load in->waits, wait until
 * *released is no longer below `round`, and store to out->waits. Where the transaction
 * fails, store to out->begun. r3 to r5 and CR7 are taken for waiting.
 */
enum outcome transact(const struct state *in, struct state *out,
		      volatile uint64_t *released, uint64_t round, int is_outside);

/** Where a transaction that fails goes on. */
extern const char transact_failed[];

// enter, load_wide, load_general, store_cpu, leave: cycle.h.
asm(".text\n"
    ".globl transact\n"
    ".type transact, @function\n"
    "transact:\n"
    "	.localentry transact, 1\n"
    "	.cfi_startproc\n"
    "	enter\n"
    "	addi 8, 3, 1392\n"
    "	std 8, 592(1)\n" // in->waits
    "	std 4, 600(1)\n" // out->begun
    "	addi 8, 4, 1392\n"
    "	std 8, 608(1)\n" // out->waits
    "	std 5, 616(1)\n"
    "	std 6, 624(1)\n"
    "	std 7, 632(1)\n"
    "	std 1, 320(4)\n"
    "	std 1, 320(8)\n"
    "	cmpdi 7, 0\n"
    "	bne 2f\n"
    "	load_wide\n"
    "	load_general\n"
    "	tbegin.\n"
    ".globl transact_failed\n"
    "transact_failed:\n"
    "	beq 5f\n"
    "	tsr. 0\n"
    "	ld 3, 608(1)\n"
    "	li 4, 1\n"
    "	std 4, 2808 - 1392(3)\n" // is_suspended
    "2:	ld 3, 592(1)\n"
    "	load_wide\n"
    "	load_general\n"
    "	ld 3, 616(1)\n"
    "	ld 4, 624(1)\n"
    ".globl transact_waits\n"
    "transact_waits:\n"
    "	ld 5, 0(3)\n"
    "	cmpld 7, 5, 4\n"
    "	blt 7, transact_waits\n"
    "	store_cpu 608\n"
    "	ld 5, 632(1)\n"
    "	li 3, 2\n"
    "	cmpdi 5, 0\n"
    "	bne 6f\n"
    "	tsr. 1\n"
    "	tend.\n"
    "	li 3, 0\n"
    "	b 6f\n"
    "5:	store_cpu 600\n"
    "	mfspr 0, 128\n"
    "	std 0, 2784(3)\n"
    "	mfspr 0, 130\n"
    "	std 0, 2792(3)\n"
    "	mfspr 0, 129\n"
    "	std 0, 2800(3)\n"
    "	li 3, 1\n"
    "6:	leave\n"
    "	.cfi_endproc\n"
    "	.size transact, . - transact\n");

/** What has come of all transactions. */
volatile uint64_t nr_committed, nr_failed;
static struct cpu_layout layout;

STORY_PLACE void tick(void)
{
	asm volatile("" ::: "memory");
}

/** Power ISA 2.07, book II, 5.3: TEXASR. */
#	define FAILURE_SUMMARY (UINT64_C(1) << 27)
#	define WAS_SUSPENDED   (UINT64_C(1) << 31)
#	define LEVEL           UINT64_C(0xfff)

static int compare(const char *who, const struct cpu *want, struct cpu *have)
{
	have->ctr -= want->ctr; // cpu_compare() expects it to be counted down.
	return cpu_compare(who, &layout, want, have, 0);
}

static void check(struct worker *w, enum outcome outcome)
{
	struct state *want = &w->want, *have = &w->have;
	memcpy(&have->waits.gpr[3], &want->waits.gpr[3], 3 * sizeof(uint64_t));
	have->waits.cr = (have->waits.cr & ~UINT64_C(15)) | (want->waits.cr & 15);
	int nr = compare("waits", &want->waits, &have->waits);
	if (outcome == FAILED) {
		// tbegin. says so in CR0.
		want->begun.cr = (want->begun.cr & 0x0fffffff) | 0xa0000000;
		nr += compare("begun", &want->begun, &have->begun);
		nr += compare_one("begun", "tfhar", (uint64_t)transact_failed,
				  have->tfhar);
		nr += compare_one("begun", "texasr",
				  FAILURE_SUMMARY | WAS_SUSPENDED | 1,
				  have->texasr &
					  (FAILURE_SUMMARY | WAS_SUSPENDED | LEVEL));
	}
	if (nr)
		fprintf(stderr, "thread %d in round %d\n", w->index, (int)w->round);
	CHECK(!nr);
}

/**
 * Values for all registers. No two threads have the same DSCR: where the one before on
 * the CPU has that of a thread inside of a transaction, Linux 6.1 loads none
 * (restore_sprs(), arch/powerpc/kernel/process.c), although __tm_recheckpoint() has
 * loaded the default.
 */
static void make(const struct worker *w, struct cpu *cpu, uint64_t seed)
{
	pattern_make(cpu, &layout, seed);
	cpu->dscr = (uint64_t)w->index << 4 | (cpu->dscr & 14) | 1;
}

static void *work(void *argument)
{
	struct worker *w = argument;
	while (w->round < wanted_rounds) {
		int is_outside = ((uint64_t)w->index + w->round) % 2;
		uint64_t seed = begin_round(w);
		make(w, &w->want.begun, seed);
		make(w, &w->want.waits, seed + 100000);
		w->round++;
		enum outcome outcome;
		do
			outcome = transact(&w->want, &w->have, &released, w->round,
					   is_outside);
		while (outcome == FAILED && !w->have.is_suspended);
		check(w, outcome);
		if (outcome == FAILED)
			__atomic_add_fetch(&nr_failed, 1, __ATOMIC_SEQ_CST);
		if (outcome == COMMITTED)
			__atomic_add_fetch(&nr_committed, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	if (!(getauxval(AT_HWCAP2) & 0x40000000) || cpu_layout_init(&layout))
		return 77; // PPC_FEATURE2_HTM
	read_arguments(argc, argv);
	conduct(work);
	printf("%d failed, %d committed\n", (int)nr_failed, (int)nr_committed);
	return 0;
}

#endif
