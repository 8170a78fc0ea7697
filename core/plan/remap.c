// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/remap.h"

#include <inttypes.h>
#include <string.h>

#include "core/plan/attributes.h"
#include "core/plan/explain.h"
#include "core/plan/heap.h"
#include "core/plan/locks.h"
#include "core/plan/remake.h"
#include "core/plan/views.h"

/** Where the sweep is in one list. */
struct cursor {
	const struct snap_vmas *vmas;
	size_t at;
};

/** What the sweep knows. */
struct sweep {
	struct snap_plan *plan;
	struct snap_heap heap;
	/** Of the live process. */
	struct snap_views views;
};

/** What brk() makes. */
static const struct snap_vma fresh_heap = {
	.prot = SNAP_VMA_READ | SNAP_VMA_WRITE,
	.flags = SNAP_VMA_MAY_WRITE,
	.name = (char *)"",
};

/** The mapping that holds `address`, or NULL; moves over those before it. */
static const struct snap_vma *cover(struct cursor *cursor, uint64_t address)
{
	while (cursor->at < cursor->vmas->nr &&
	       cursor->vmas->list[cursor->at].end <= address)
		cursor->at++;
	const struct snap_vma *vma =
		cursor->at < cursor->vmas->nr ? &cursor->vmas->list[cursor->at] : NULL;
	return vma && vma->start <= address ? vma : NULL;
}

/** The next address behind `address` where a mapping begins or ends; UINT64_MAX: none.
 */
static uint64_t boundary(const struct cursor *cursor, uint64_t address)
{
	if (cursor->at >= cursor->vmas->nr)
		return UINT64_MAX;
	const struct snap_vma *vma = &cursor->vmas->list[cursor->at];
	return vma->start > address ? vma->start : vma->end;
}

static uint64_t heap_boundary(const struct snap_heap *heap, uint64_t address)
{
	if (heap->start > address)
		return heap->start;
	return heap->end > address ? heap->end : UINT64_MAX;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/** Whether a mapping is the next part of the one before it: guards have own rows. */
static bool is_split(const struct snap_vma *before, const struct snap_vma *behind)
{
	return before->end == behind->start &&
	       (before->flags | behind->flags) & SNAP_VMA_GUARD;
}

/** Whether taking a range away leaves something of its mapping on both sides. */
static bool is_hole(const struct snap_plan *plan, const struct snap_vma *live,
		    uint64_t start, uint64_t end)
{
	const struct snap_vma *first = plan->live->vmas.list;
	const struct snap_vma *last = first + plan->live->vmas.nr - 1;
	bool has_more_before =
		start > live->start || (live > first && is_split(live - 1, live));
	bool has_more_behind =
		end < live->end || (live < last && is_split(live, live + 1));
	return has_more_before && has_more_behind;
}

/**
 * What is not wanted is unmapped at the very end. It is moved away before where
 * something else is to come, and where unmapping may yet fail: a hole makes two
 * mappings of one, for which there may be no room.
 */
static snap_err plan_removal(struct snap_plan *plan, const struct snap_vma *live,
			     bool needs_place, uint64_t start, uint64_t end)
{
	SNAP_TRY(snap_plan_refuse(plan, snap_check_removal(live)));
	bool moves = needs_place || is_hole(plan, live, start, end);
	return snap_plan_add_range(plan, &(struct snap_step){
						 .kind = moves ? SNAP_STEP_PARK
							       : SNAP_STEP_UNMAP,
						 .start = start,
						 .end = end,
						 .vma = live,
						 .is = live,
					 });
}

/** It is there already, or comes with the heap. */
static snap_err plan_kept(struct snap_plan *plan, const struct snap_vma *image,
			  const struct snap_vma *live, uint64_t start, uint64_t end)
{
	if (snap_vma_is_kernels(live))
		return SNAP_OK;
	SNAP_TRY(snap_plan_refuse(plan, snap_check_kept(live, image)));
	if (!snap_plan_unlocks_all(plan))
		return snap_plan_attributes(plan, image, live, live, start, end);
	struct snap_vma unlocked = *live;
	unlocked.flags &= ~(uint32_t)(SNAP_VMA_LOCKED | SNAP_VMA_LOCK_ON_FAULT);
	return snap_plan_attributes(plan, image, &unlocked, live, start, end);
}

/** A range that the heap has on one side only. */
static snap_err plan_heap_range(struct sweep *sweep, const struct snap_vma *image,
				const struct snap_vma *live, uint64_t start,
				uint64_t end)
{
	struct snap_plan *plan = sweep->plan;
	bool fits = sweep->heap.grows ? image && snap_vma_has_nature(&fresh_heap, image)
				      : !image;
	if (!fits)
		return snap_plan_refuse(
			plan,
			snap_refuse_vma(
				image  ? image
				: live ? live
				       : &fresh_heap,
				"is in the way of the heap, whose end has moved since"));
	if (sweep->heap.shrinks)
		return live ? snap_plan_refuse(plan, snap_check_removal(live))
			    : SNAP_OK;
	if (live)
		SNAP_TRY(plan_removal(plan, live, true, start, end));
	struct snap_vma fresh = fresh_heap;
	fresh.flags |= snap_plan_fresh_locks(plan);
	return snap_plan_attributes(plan, image, &fresh, NULL, start, end);
}

/** One range over which neither side changes. Either may be NULL. */
static snap_err plan_range(struct sweep *sweep, const struct snap_vma *image,
			   const struct snap_vma *live, uint64_t start, uint64_t end)
{
	struct snap_plan *plan = sweep->plan;
	if (snap_heap_holds(&sweep->heap, start))
		return plan_heap_range(sweep, image, live, start, end);
	if (image && live && snap_vma_can_become(live, image))
		return plan_kept(plan, image, live, start, end);
	if (live)
		SNAP_TRY(plan_removal(plan, live, image, start, end));
	if (image)
		SNAP_TRY(snap_plan_remake(plan, &sweep->views, image, start, end));
	return SNAP_OK;
}

static snap_err run_sweep(struct sweep *sweep)
{
	struct cursor image = { .vmas = &sweep->plan->image->vmas };
	struct cursor live = { .vmas = &sweep->plan->live->vmas };
	uint64_t at = 0;
	for (;;) {
		const struct snap_vma *wanted = cover(&image, at);
		const struct snap_vma *is = cover(&live, at);
		uint64_t next = min(boundary(&image, at), boundary(&live, at));
		next = min(next, heap_boundary(&sweep->heap, at));
		if (next == UINT64_MAX)
			return SNAP_OK;
		SNAP_TRY(plan_range(sweep, wanted, is, at, next));
		at = next;
	}
}

static void deinit(struct sweep *sweep)
{
	snap_views_deinit(&sweep->views);
}

snap_err snap_plan_remap(struct snap_plan *plan)
{
	_cleanup_(deinit) struct sweep sweep = {
		.plan = plan,
		.heap = snap_plan_heap(plan),
	};
	SNAP_TRY(snap_views_init(&sweep.views, &plan->live->vmas));
	SNAP_TRY(snap_plan_locks(plan));
	SNAP_TRY(run_sweep(&sweep));
	return snap_plan_brk(plan);
}

snap_err snap_describe_range(const struct snap_step *step, struct snap_buffer *ret)
{
	const char *name = step->vma ? step->vma->name : "";
	SNAP_TRY(snap_describe(ret, "%#" PRIx64 "-%#" PRIx64 "%s", step->start,
			       step->end, *name ? " " : ""));
	return snap_describe_path(ret, name);
}
