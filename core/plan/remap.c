#include "core/plan/remap.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/text.h"
#include "core/plan/explain.h"

/** Protection bits that mprotect() sets. */
#define PROT_BITS (SNAP_VMA_READ | SNAP_VMA_WRITE | SNAP_VMA_EXEC)

/** Where the sweep is in one list. */
struct cursor {
	const struct snap_vmas *vmas;
	size_t at;
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

static snap_err refuse(const struct snap_vma *vma, const char *why)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(vma->name, &name));
	return snap_error_create(SNAP_ERROR_REFUSED,
				 "the mapping %#" PRIx64 "-%#" PRIx64 "%s%s %s",
				 vma->start, vma->end, *name ? " of " : "", name, why);
}

static snap_err check_park(const struct snap_vma *vma)
{
	if (snap_vma_is_kernels(vma))
		return refuse(vma, "is the kernel's and was not there at the snapshot");
	if (vma->flags & SNAP_VMA_SEALED)
		return refuse(vma, "is sealed: it cannot be removed any more");
	return SNAP_OK;
}

static snap_err check_map(const struct snap_vma *vma)
{
	if (snap_vma_is_kernels(vma))
		return refuse(vma, "is the kernel's and cannot be made again");
	if (vma->flags & (SNAP_VMA_DEVICE | SNAP_VMA_HUGETLB | SNAP_VMA_SHADOW_STACK |
			  SNAP_VMA_UFFD))
		return refuse(vma, "is gone, and of a kind that cannot be made again");
	if (vma->prot & SNAP_VMA_SHARED && !snap_vma_is_file(vma))
		return refuse(vma,
			      "is gone: what others share with it cannot be found");
	if (vma->pkey)
		return refuse(vma, "is gone, and had a protection key");
	return SNAP_OK;
}

/**
 * Whether a range that only one side has is heap that brk() makes and removes.
 * Everything between the two heap ends that is called heap, or lies directly in there,
 * is.
 */
static bool is_heap_end(const struct snap_plan *plan, const struct snap_vma *vma,
			uint64_t start)
{
	uint64_t image = plan->image->brk, live = plan->live->brk;
	if (!image || !live || image == live || strcmp(vma->name, "[heap]"))
		return false;
	uint64_t low = image < live ? image : live;
	return start >= (low & ~(uint64_t)(SNAP_PAGE_SIZE - 1));
}

/** Add a step, or make the one before longer where it is of the same mapping. */
static snap_err add(struct snap_plan *plan, const struct snap_step *step)
{
	struct snap_step *last =
		plan->nr_steps ? &plan->steps[plan->nr_steps - 1] : NULL;
	if (last && last->kind == step->kind && last->vma == step->vma &&
	    last->end == step->start && last->old_prot == step->old_prot) {
		last->end = step->end;
		return SNAP_OK;
	}
	return snap_plan_add(plan, step);
}

static snap_err plan_park(struct snap_plan *plan, const struct snap_vma *live,
			  uint64_t start, uint64_t end)
{
	SNAP_TRY(snap_plan_refuse(plan, check_park(live)));
	return add(plan, &(struct snap_step){
				 .kind = SNAP_STEP_PARK,
				 .start = start,
				 .end = end,
				 .vma = live,
			 });
}

static snap_err plan_map(struct snap_plan *plan, const struct snap_vma *image,
			 uint64_t start, uint64_t end)
{
	SNAP_TRY(snap_plan_refuse(plan, check_map(image)));
	return add(plan, &(struct snap_step){
				 .kind = SNAP_STEP_MAP,
				 .start = start,
				 .end = end,
				 .vma = image,
			 });
}

/** One range over which neither side changes. Either may be NULL. */
static snap_err plan_range(struct snap_plan *plan, const struct snap_vma *image,
			   const struct snap_vma *live, uint64_t start, uint64_t end)
{
	if (image && live && snap_vma_is_same_backing(image, live)) {
		if (!((image->prot ^ live->prot) & PROT_BITS) ||
		    snap_vma_is_kernels(live))
			return SNAP_OK;
		if (live->flags & SNAP_VMA_SEALED)
			SNAP_TRY(snap_plan_refuse(
				plan,
				refuse(live, "is sealed: its protection cannot be "
					     "changed")));
		return add(plan, &(struct snap_step){
					 .kind = SNAP_STEP_PROTECT,
					 .start = start,
					 .end = end,
					 .vma = image,
					 .old_prot = live->prot,
				 });
	}
	if (live && (image || !is_heap_end(plan, live, start)))
		SNAP_TRY(plan_park(plan, live, start, end));
	if (image && (live || !is_heap_end(plan, image, start)))
		SNAP_TRY(plan_map(plan, image, start, end));
	return SNAP_OK;
}

static snap_err plan_brk(struct snap_plan *plan)
{
	uint64_t image = plan->image->brk, live = plan->live->brk;
	if (!image || !live || image == live)
		return SNAP_OK;
	return snap_plan_add(plan, &(struct snap_step){
					   .kind = SNAP_STEP_BRK,
					   .start = live,
					   .end = image,
				   });
}

snap_err snap_plan_remap(struct snap_plan *plan)
{
	struct cursor image = { .vmas = &plan->image->vmas };
	struct cursor live = { .vmas = &plan->live->vmas };
	uint64_t at = 0;
	for (;;) {
		const struct snap_vma *wanted = cover(&image, at);
		const struct snap_vma *is = cover(&live, at);
		uint64_t next = boundary(&image, at), other = boundary(&live, at);
		if (other < next)
			next = other;
		if (next == UINT64_MAX)
			break;
		SNAP_TRY(plan_range(plan, wanted, is, at, next));
		at = next;
	}
	return plan_brk(plan);
}

snap_err snap_describe_range(const struct snap_step *step, struct snap_buffer *ret)
{
	const char *name = step->vma ? step->vma->name : "";
	SNAP_TRY(snap_describe(ret, "%#" PRIx64 "-%#" PRIx64 "%s", step->start,
			       step->end, *name ? " " : ""));
	return snap_describe_path(ret, name);
}
