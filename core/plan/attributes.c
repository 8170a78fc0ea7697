// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/attributes.h"

#include "core/plan/remake.h"

/*
 * The values of MADV_… are the same on every machine that we know of
 * (include/uapi/asm-generic/mman-common.h).
 */
const struct snap_advice snap_advice[] = {
	// From below: SEQUENTIAL is 1 << 14, RANDOM 1 << 15.
	{ SNAP_VMA_SEQUENTIAL | SNAP_VMA_RANDOM, { 2, 1 }, 0 },
	{ SNAP_VMA_DONTFORK, { 10 }, 11 },
	{ SNAP_VMA_MERGEABLE, { 12 }, 13 },
	// Once one of them was given, there is no way back to neither
	// (mm/khugepaged.c, hugepage_madvise()).
	{ SNAP_VMA_HUGEPAGE | SNAP_VMA_NOHUGEPAGE, { 14, 15 }, SNAP_NO_ADVICE },
	{ SNAP_VMA_DONTDUMP, { 16 }, 17 },
	{ SNAP_VMA_WIPEONFORK, { 18 }, 19 },
};
const size_t snap_nr_advice = SNAP_ARRAY_SIZE(snap_advice);

int snap_advice_for(const struct snap_advice *advice, uint32_t flags)
{
	uint32_t lower = advice->flags & -advice->flags;
	if (!(flags & advice->flags))
		return advice->clear;
	return advice->set[flags & lower ? 0 : 1];
}

/** What mmap() decides once and for all. */
#define FIXED_FLAGS                                                        \
	(SNAP_VMA_GROWSDOWN | SNAP_VMA_NORESERVE | SNAP_VMA_SHADOW_STACK | \
	 SNAP_VMA_HUGETLB | SNAP_VMA_DEVICE | SNAP_VMA_TAGGED)

bool snap_vma_has_nature(const struct snap_vma *is, const struct snap_vma *wanted)
{
	uint32_t differs = is->flags ^ wanted->flags;
	if (!snap_vma_is_same_backing(is, wanted))
		return false;
	// How the file of a private mapping was opened is of no account.
	return !(differs & FIXED_FLAGS) &&
	       !(differs & SNAP_VMA_MAY_WRITE && is->prot & SNAP_VMA_SHARED);
}

bool snap_vma_can_become(const struct snap_vma *is, const struct snap_vma *wanted)
{
	if (snap_vma_is_kernels(is) && snap_vma_is_same_backing(is, wanted))
		return true;
	uint32_t differs = is->flags ^ wanted->flags;
	if (!snap_vma_has_nature(is, wanted))
		return false;
	for (size_t i = 0; i < snap_nr_advice; i++)
		if (differs & snap_advice[i].flags &&
		    (snap_advice_for(&snap_advice[i], wanted->flags) ==
			     SNAP_NO_ADVICE ||
		     snap_advice_for(&snap_advice[i], is->flags) == SNAP_NO_ADVICE))
			return false;
	return true;
}

snap_err snap_plan_add_range(struct snap_plan *plan, const struct snap_step *step)
{
	struct snap_step *last =
		plan->nr_steps ? &plan->steps[plan->nr_steps - 1] : NULL;
	if (last && last->kind == step->kind && last->kind != SNAP_STEP_SHARE &&
	    last->vma == step->vma && last->is == step->is &&
	    last->number == step->number && last->end == step->start) {
		last->end = step->end;
		return SNAP_OK;
	}
	return snap_plan_add(plan, step);
}

/** One change of a range. */
static snap_err change(struct snap_plan *plan, enum snap_step_kind kind, int number,
		       const struct snap_step *range)
{
	struct snap_step step = *range;
	step.kind = kind;
	step.number = number;
	return snap_plan_add_range(plan, &step);
}

static snap_err plan_advice(struct snap_plan *plan, const struct snap_vma *wanted,
			    const struct snap_vma *before,
			    const struct snap_step *range)
{
	for (size_t i = 0; i < snap_nr_advice; i++) {
		if (!((wanted->flags ^ before->flags) & snap_advice[i].flags))
			continue;
		if (snap_advice_for(&snap_advice[i], wanted->flags) == SNAP_NO_ADVICE)
			SNAP_TRY(snap_plan_refuse(
				plan,
				snap_refuse_vma(
					wanted,
					"had no advice about huge pages at the "
					"snapshot, and that cannot be taken back")));
		SNAP_TRY(change(plan, SNAP_STEP_ADVISE, (int)i, range));
	}
	return SNAP_OK;
}

/** Protection bits that mprotect() sets. */
#define PROT_BITS (SNAP_VMA_READ | SNAP_VMA_WRITE | SNAP_VMA_EXEC)

snap_err snap_plan_attributes(struct snap_plan *plan, const struct snap_vma *wanted,
			      const struct snap_vma *before, const struct snap_vma *is,
			      uint64_t start, uint64_t end)
{
	const struct snap_step range = {
		.start = start, .end = end, .vma = wanted, .is = is
	};
	uint32_t differs = wanted->flags ^ before->flags;
	bool is_locked = wanted->flags & SNAP_VMA_LOCKED;
	if (differs & SNAP_VMA_GUARD)
		SNAP_TRY(change(plan,
				wanted->flags & SNAP_VMA_GUARD ? SNAP_STEP_GUARD
							       : SNAP_STEP_UNGUARD,
				0, &range));
	if ((wanted->prot ^ before->prot) & PROT_BITS || wanted->pkey != before->pkey)
		// Not even a debugger can write to shared memory that is read-only
		// (mm/gup.c, check_vma_flags()).
		SNAP_TRY(change(plan,
				wanted->prot & SNAP_VMA_SHARED
					? SNAP_STEP_PROTECT_SHARED
					: SNAP_STEP_PROTECT,
				0, &range));
	SNAP_TRY(plan_advice(plan, wanted, before, &range));
	if (differs & (SNAP_VMA_LOCKED | SNAP_VMA_LOCK_ON_FAULT))
		SNAP_TRY(change(plan, is_locked ? SNAP_STEP_LOCK : SNAP_STEP_UNLOCK, 0,
				&range));
	return SNAP_OK;
}
