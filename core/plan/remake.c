// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/remake.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/text.h"
#include "core/plan/attributes.h"
#include "core/plan/locks.h"

snap_err snap_refuse_vma(const struct snap_vma *vma, const char *why)
{
	_cleanup_free_ char *name = NULL;
	SNAP_TRY(snap_escaped(vma->name, &name));
	return snap_error_create(SNAP_ERROR_REFUSED,
				 "the mapping %#" PRIx64 "-%#" PRIx64 "%s%s %s",
				 vma->start, vma->end, *name ? " of " : "", name, why);
}

static snap_err check_watched(const struct snap_vma *vma)
{
	if (vma->flags & SNAP_VMA_UFFD)
		return snap_error_with_remedy(
			snap_refuse_vma(vma, "is watched by a userfaultfd, whose owner "
					     "would see what a restore does"),
			"restore before the program has registered it, or after it has "
			"let go of it");
	return SNAP_OK;
}

/** The ring of io_setup(2), a part of which belongs to the kernel (fs/aio.c). */
static bool is_aio_ring(const struct snap_vma *vma)
{
	return !strncmp(vma->name, "/[aio]", 6);
}

snap_err snap_check_removal(const struct snap_vma *live)
{
	if (snap_vma_is_kernels(live))
		return snap_refuse_vma(
			live, "is the kernel's and was not there at the snapshot");
	if (live->flags & SNAP_VMA_SEALED)
		return snap_refuse_vma(live,
				       "is sealed: it cannot be removed any more");
	if (is_aio_ring(live))
		return snap_error_with_remedy(
			snap_refuse_vma(live,
					"belongs to asynchronous input and output "
					"that was set up since"),
			"restore when the program has called io_destroy()");
	return check_watched(live);
}

snap_err snap_check_kept(const struct snap_vma *live, const struct snap_vma *image)
{
	if ((live->flags ^ image->flags) & SNAP_VMA_SEALED)
		return snap_refuse_vma(live, "has been sealed since: it cannot be "
					     "changed back any more");
	return live->flags & SNAP_VMA_UFFD ? check_watched(live) : check_watched(image);
}

/** A new process would get it if it were in the image (revival_shared.h). */
static snap_err refuse_shared(const struct snap_vma *image, bool is_new)
{
	if (!is_new || !snap_vma_is_shared_anonymous(image))
		return snap_refuse_vma(image,
				       "is gone, and nothing leads to what it showed");
	return snap_refuse_vma(image,
			       "is shared with other processes, and is not in the "
			       "snapshot ('set snapshot shared-memory on' before "
			       "saving changes that)");
}

static snap_err check_remake(const struct snap_vma *image, bool is_new)
{
	if (snap_vma_is_kernels(image))
		return snap_refuse_vma(image,
				       "is the kernel's and cannot be made again");
	SNAP_TRY(check_watched(image));
	if (image->flags & (SNAP_VMA_DEVICE | SNAP_VMA_HUGETLB | SNAP_VMA_SHADOW_STACK |
			    SNAP_VMA_SEALED) ||
	    is_aio_ring(image))
		return snap_refuse_vma(
			image, "is gone, and of a kind that cannot be made again");
	if (image->inode && (snap_vma_is_shared_anonymous(image) ||
			     *image->name != '/' || !strncmp(image->name, "/SYSV", 5)))
		return refuse_shared(image, is_new);
	return SNAP_OK;
}

/** A mapping as mmap() makes it. */
static struct snap_vma make_fresh(const struct snap_plan *plan,
				  const struct snap_vma *image)
{
	struct snap_vma fresh = *image;
	fresh.flags &= SNAP_VMA_GROWSDOWN | SNAP_VMA_NORESERVE | SNAP_VMA_MAY_WRITE |
		       SNAP_VMA_TAGGED;
	fresh.flags |= snap_plan_fresh_locks(plan);
	// Code that can only be executed gets its key from the kernel.
	fresh.pkey = snap_vma_is_exec_only(image) ? image->pkey : 0;
	return fresh;
}

snap_err snap_plan_remake(struct snap_plan *plan, const struct snap_views *views,
			  const struct snap_vma *image, uint64_t start, uint64_t end)
{
	uint64_t from = 0;
	const struct snap_vma *view =
		image->prot & SNAP_VMA_SHARED && !(image->flags & SNAP_VMA_DEVICE)
			? snap_views_find(views, image, start, &from)
			: NULL;
	if (!view)
		SNAP_TRY(
			snap_plan_refuse(plan, check_remake(image,
							    plan->live->state.is_new)));
	SNAP_TRY(snap_plan_add_range(plan, &(struct snap_step){
						   .kind = view ? SNAP_STEP_SHARE
								: SNAP_STEP_MAP,
						   .start = start,
						   .end = end,
						   .parking = from,
						   .vma = image,
					   }));
	struct snap_vma fresh = make_fresh(plan, image);
	return snap_plan_attributes(plan, image, view ? view : &fresh, NULL, start,
				    end);
}
