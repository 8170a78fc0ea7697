/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_ATTRIBUTES_H
#define SNAP_PLAN_ATTRIBUTES_H

#include <stdbool.h>

#include "core/plan/plan.h"

/** A piece of advice that shows in the flags of a mapping, and how it is taken back. */
struct snap_advice {
	/** The flags that it decides about; one madvise(2) sets at most one of them. */
	uint32_t flags;
	/** For each: the advice that sets it, by its bit of `flags` from below. */
	int set[2];
	/** The advice that clears all of them; SNAP_NO_ADVICE: none does. */
	int clear;
};

#define SNAP_NO_ADVICE (-1)

/** One row for each question that madvise(2) answers. */
extern const struct snap_advice snap_advice[];
extern const size_t snap_nr_advice;

/** The advice that makes the row's flags those of `flags`, or SNAP_NO_ADVICE. */
int snap_advice_for(const struct snap_advice *advice, uint32_t flags);

/** Whether two mappings show the same, and differ in nothing that mmap() decides. */
bool snap_vma_has_nature(const struct snap_vma *is, const struct snap_vma *wanted);

/**
 * Whether a mapping can be made another one where it is: what it maps is the same, and
 * the rest is a matter of mprotect(), madvise() and mlock().
 */
bool snap_vma_can_become(const struct snap_vma *is, const struct snap_vma *wanted);

/** Executable and nothing else: where there are keys, the kernel gives it one. */
static inline bool snap_vma_is_exec_only(const struct snap_vma *vma)
{
	return (vma->prot & (SNAP_VMA_READ | SNAP_VMA_WRITE | SNAP_VMA_EXEC)) ==
	       SNAP_VMA_EXEC;
}

/**
 * Add the steps that give a range the protection, the advice, the lock and the guard of
 * `wanted`.
 *
 * @param before As the range is when the steps are done.
 * @param is As it is in the live process, for the undo; NULL: made by the plan.
 */
_must_check_ snap_err snap_plan_attributes(struct snap_plan *plan,
					   const struct snap_vma *wanted,
					   const struct snap_vma *before,
					   const struct snap_vma *is, uint64_t start,
					   uint64_t end);

/** Add a step, or make the one before longer where it is of the same mapping. */
_must_check_ snap_err snap_plan_add_range(struct snap_plan *plan,
					  const struct snap_step *step);

#endif
