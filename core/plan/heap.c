// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/heap.h"

struct snap_heap snap_plan_heap(const struct snap_plan *plan)
{
	uint64_t image = plan->image->brk, live = plan->live->brk;
	if (!image || !live)
		return (struct snap_heap){ 0 };
	uint64_t page_size = plan->live->page_size;
	return (struct snap_heap){
		.start = snap_page_up(image < live ? image : live, page_size),
		.end = snap_page_up(image < live ? live : image, page_size),
		.grows = image > live,
		.shrinks = image < live,
	};
}

/** Where nothing is mapped any more, brk() does not shrink (mm/mmap.c). */
static snap_err check_shrink(const struct snap_plan *plan, const struct snap_heap *heap)
{
	const struct snap_vma *vma =
		snap_vmas_find_from(&plan->live->vmas, heap->start);
	if (heap->start == heap->end || (vma && vma->start < heap->end))
		return SNAP_OK;
	return snap_error_create(SNAP_ERROR_REFUSED,
				 "the program has unmapped the end of its heap: it "
				 "cannot be set back by brk()");
}

snap_err snap_plan_brk(struct snap_plan *plan)
{
	struct snap_heap heap = snap_plan_heap(plan);
	if (!heap.grows && !heap.shrinks)
		return SNAP_OK;
	if (heap.shrinks)
		SNAP_TRY(check_shrink(plan, &heap));
	return snap_plan_add(plan, &(struct snap_step){
					   .kind = heap.grows ? SNAP_STEP_GROW
							      : SNAP_STEP_SHRINK,
					   .start = plan->live->brk,
					   .end = plan->image->brk,
				   });
}
