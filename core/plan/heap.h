/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SNAP_PLAN_HEAP_H
#define SNAP_PLAN_HEAP_H

#include "core/plan/plan.h"

/** The pages by which the heap is longer in one of two models: [start, end). */
struct snap_heap {
	uint64_t start;
	uint64_t end;
	/** brk() has to make them. */
	bool grows;
	/** brk() has to remove them. */
	bool shrinks;
};

struct snap_heap snap_plan_heap(const struct snap_plan *plan);

/** Whether an address is of these pages. */
static inline bool snap_heap_holds(const struct snap_heap *heap, uint64_t address)
{
	return address >= heap->start && address < heap->end;
}

/** Add the step that moves the heap's end, if it has moved. */
_must_check_ snap_err snap_plan_brk(struct snap_plan *plan);

#endif
