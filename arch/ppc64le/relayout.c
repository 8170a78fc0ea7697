// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A thread of one machine as another one would have saved it. Nothing moves: a set is
 * there or is not. A thread inside of a transaction goes where it would go when the
 * transaction fails, which any transaction may at any time; its writes to memory have
 * never been seen by anybody (Power ISA book II, chapter 5).
 */
#include "arch/ppc64le/ppc64le.h"

/** CR0 where a transaction has failed: tbegin. leaves it for the branch behind it. */
#define CR0_MASK   UINT64_C(0xf0000000)
#define CR0_FAILED UINT64_C(0xa0000000)

/** The sets that are there where the machine has something. */
static const struct condition {
	enum snap_ppc64le_regset set;
	/** In the description of a machine. */
	const char *item;
	/** What is in it counts: it is not left out without asking. */
	bool is_state;
} conditions[] = {
	{ SNAP_PPC64LE_VMX, "altivec", true },
	{ SNAP_PPC64LE_VSX, "vsx", true },
	{ SNAP_PPC64LE_TAR, "tar", true },
	{ SNAP_PPC64LE_DSCR, "dscr", true },
	{ SNAP_PPC64LE_EBB, "ebb", true },
	{ SNAP_PPC64LE_PMU, "arch_2_07", false },
	{ SNAP_PPC64LE_CGPR, "htm", false },
	{ SNAP_PPC64LE_CFPR, "htm", false },
	{ SNAP_PPC64LE_CVMX, "htm", false },
	{ SNAP_PPC64LE_CVSX, "htm", false },
	{ SNAP_PPC64LE_TM_SPR, "htm", false },
	{ SNAP_PPC64LE_CTAR, "htm", false },
	{ SNAP_PPC64LE_CPPR, "htm", false },
	{ SNAP_PPC64LE_CDSCR, "htm", false },
	{ SNAP_PPC64LE_PKEY, "pkeys", false },
	{ SNAP_PPC64LE_DEXCR, "dexcr", false },
	{ SNAP_PPC64LE_HASHKEYR, "dexcr", false },
};

static bool has(const struct snap_cpu *cpu, const struct condition *condition)
{
	return snap_cpu_get(cpu, condition->item, 0);
}

static bool is_zero(const struct snap_regset *set)
{
	for (size_t i = 0; i < set->size; i++)
		if (set->data[i])
			return false;
	return true;
}

static snap_err move_set(struct snap_thread *thread, enum snap_ppc64le_regset to,
			 enum snap_ppc64le_regset from)
{
	const struct snap_regset *set = &thread->regsets[from];
	return set->size ? snap_thread_set_regset(thread, to, set->data, set->size)
			 : SNAP_OK;
}

/** Take the thread to its transaction's handler. */
static snap_err fail_transaction(struct snap_thread *thread)
{
	static const enum snap_ppc64le_regset pairs[][2] = {
		{ SNAP_PPC64LE_GENERAL, SNAP_PPC64LE_CGPR },
		{ SNAP_PPC64LE_FP, SNAP_PPC64LE_CFPR },
		{ SNAP_PPC64LE_VMX, SNAP_PPC64LE_CVMX },
		{ SNAP_PPC64LE_VSX, SNAP_PPC64LE_CVSX },
		{ SNAP_PPC64LE_TAR, SNAP_PPC64LE_CTAR },
		{ SNAP_PPC64LE_PPR, SNAP_PPC64LE_CPPR },
		{ SNAP_PPC64LE_DSCR, SNAP_PPC64LE_CDSCR },
	};

	const uint8_t *sprs = snap_ppc64le_set(thread, SNAP_PPC64LE_TM_SPR);
	if (!sprs || !snap_ppc64le_set(thread, SNAP_PPC64LE_CGPR))
		return snap_error_create(SNAP_ERROR_CORRUPT,
					 "thread %d is inside of a transaction, and "
					 "what that began with is not known",
					 (int)thread->tid);
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(pairs); i++)
		SNAP_TRY(move_set(thread, pairs[i][0], pairs[i][1]));
	uint8_t *regs = thread->regsets[SNAP_PPC64LE_GENERAL].data;
	uint64_t cr = snap_ppc64le_reg(regs, PPC_CR);
	snap_ppc64le_set_reg(regs, PPC_NIP, snap_ppc64le_load(sprs + PPC_TFHAR, 8));
	snap_ppc64le_set_reg(regs, PPC_CR, (cr & ~CR0_MASK) | CR0_FAILED);
	snap_ppc64le_set_reg(regs, PPC_MSR, PPC_MSR_SF | PPC_MSR_LE);
	snap_ppc64le_set_reg(regs, PPC_TRAP, 0);
	return SNAP_OK;
}

snap_err snap_ppc64le_relayout(const struct snap_cpu *from, const struct snap_cpu *to,
			       bool may_drop, struct snap_thread *thread)
{
	if (snap_ppc64le_transaction(thread) && !snap_cpu_get(to, "htm", 0))
		SNAP_TRY(fail_transaction(thread));
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(conditions); i++) {
		const struct condition *row = &conditions[i];
		const struct snap_regset *set = &thread->regsets[row->set];
		if (has(to, row) || !set->size)
			continue;
		if (row->is_state && !may_drop && !is_zero(set))
			return snap_error_create(
				SNAP_ERROR_UNSUPPORTED,
				"thread %d uses %s registers, which this CPU or kernel "
				"does not have",
				(int)thread->tid, snap_ppc64le_regsets[row->set].name);
		SNAP_TRY(snap_thread_set_regset(thread, row->set, NULL, 0));
	}
	return SNAP_OK;
}

bool snap_ppc64le_is_same_layout(const struct snap_cpu *a, const struct snap_cpu *b)
{
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(conditions); i++)
		if (has(a, &conditions[i]) != has(b, &conditions[i]))
			return false;
	return true;
}
