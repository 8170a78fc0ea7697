// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/threads.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "core/plan/explain.h"

/** What the kernel gives a new thread (kernel/fork.c, copy_process). */
static struct snap_thread new_thread(const struct snap_thread *wanted,
				     const struct snap_thread *starter)
{
	struct snap_thread thread = {
		.tid = wanted->tid,
		.members = wanted->members & ~(uint32_t)SNAP_THREAD_SIGINFO,
		.sigmask = UINT64_MAX,
		.altstack.flags = SS_DISABLE,
		.robust_list.length = wanted->robust_list.length,
		.interrupted_syscall = -1,
	};
	if (starter)
		memcpy(thread.comm, starter->comm, sizeof(thread.comm));
	return thread;
}

static size_t count_missing(const struct snap_snapshot *image,
			    const struct snap_snapshot *live)
{
	size_t nr = 0;
	for (size_t i = 0; i < image->nr_threads; i++)
		nr += !snap_snapshot_thread(live, image->threads[i].tid);
	return nr;
}

void snap_foreseen_destroy(struct snap_snapshot *foreseen)
{
	if (foreseen)
		free(foreseen->threads);
	free(foreseen);
}

snap_err snap_foresee_threads(const struct snap_snapshot *image,
			      const struct snap_snapshot *live,
			      struct snap_snapshot **ret)
{
	*ret = NULL;
	size_t nr = count_missing(image, live);
	if (!nr)
		return SNAP_OK;
	_cleanup_foreseen_ struct snap_snapshot *foreseen = malloc(sizeof(*foreseen));
	if (!foreseen)
		return &snap_enomem;
	*foreseen = *live;
	foreseen->threads = calloc(live->nr_threads + nr, sizeof(*foreseen->threads));
	if (!foreseen->threads)
		return &snap_enomem;
	for (size_t i = 0; i < live->nr_threads; i++)
		foreseen->threads[i] = live->threads[i];
	for (size_t i = 0; i < image->nr_threads; i++)
		if (!snap_snapshot_thread(live, image->threads[i].tid))
			foreseen->threads[foreseen->nr_threads++] =
				new_thread(&image->threads[i], live->threads);
	*ret = snap_take(foreseen);
	return SNAP_OK;
}

static bool is_same_rseq(const struct snap_thread *a, const struct snap_thread *b)
{
	return a->rseq.address == b->rseq.address &&
	       (!a->rseq.address || (a->rseq.size == b->rseq.size &&
				     a->rseq.signature == b->rseq.signature));
}

/** A thread that stays. What the image does not know of it stays as it is. */
static snap_err plan_registrations(struct snap_plan *plan,
				   const struct snap_thread *wanted,
				   const struct snap_thread *is)
{
	uint32_t both = wanted->members & is->members;
	struct snap_step step = { .tid = wanted->tid, .wanted = wanted, .is = is };
	if (both & SNAP_THREAD_RSEQ && !is_same_rseq(wanted, is)) {
		step.kind = SNAP_STEP_RSEQ_OFF;
		if (is->rseq.address)
			SNAP_TRY(snap_plan_add(plan, &step));
		step.kind = SNAP_STEP_RSEQ_ON;
		if (wanted->rseq.address)
			SNAP_TRY(snap_plan_add(plan, &step));
	}
	step.kind = SNAP_STEP_ROBUST_LIST;
	if (both & SNAP_THREAD_ROBUST_LIST &&
	    wanted->robust_list.head != is->robust_list.head)
		SNAP_TRY(snap_plan_add(plan, &step));
	step.kind = SNAP_STEP_TID_ADDRESS;
	if (both & SNAP_THREAD_TID_ADDRESS && wanted->tid_address != is->tid_address)
		SNAP_TRY(snap_plan_add(plan, &step));
	return SNAP_OK;
}

/**
 * The end of a thread writes to memory wherever it has registered something: so it
 * loses that first (kernel/fork.c, mm_release; kernel/futex/core.c).
 */
static snap_err plan_end(struct snap_plan *plan, const struct snap_thread *is)
{
	if (!snap_thread_has(is, SNAP_THREAD_TID_ADDRESS))
		SNAP_TRY(snap_plan_refuse(
			plan,
			snap_error_with_remedy(
				snap_error_create(
					SNAP_ERROR_REFUSED,
					"thread %d (%s) was started after the snapshot, "
					"and this kernel does not tell what it writes when "
					"it ends",
					(int)is->tid, is->comm),
				"restore a snapshot that was taken after it started, or "
				"use a kernel with CONFIG_CHECKPOINT_RESTORE")));
	struct snap_step step = { .tid = is->tid, .is = is };
	step.kind = SNAP_STEP_RSEQ_OFF;
	if (is->rseq.address)
		SNAP_TRY(snap_plan_add(plan, &step));
	step.kind = SNAP_STEP_ROBUST_LIST;
	if (is->robust_list.head)
		SNAP_TRY(snap_plan_add(plan, &step));
	step.kind = SNAP_STEP_TID_ADDRESS;
	if (is->tid_address)
		SNAP_TRY(snap_plan_add(plan, &step));
	step.kind = SNAP_STEP_END_THREAD;
	return snap_plan_add(plan, &step);
}

/** A thread of the snapshot; `is` is NULL in a comparison where it has ended. */
static snap_err plan_thread(struct snap_plan *plan, const struct snap_thread *wanted,
			    const struct snap_thread *is)
{
	const struct snap_thread *first_foreseen =
		plan->live->threads + plan->live->nr_threads - plan->nr_foreseen;
	struct snap_step start = {
		.kind = SNAP_STEP_START_THREAD,
		.tid = wanted->tid,
		.wanted = wanted,
	};
	if (!is || is >= first_foreseen)
		SNAP_TRY(snap_plan_add(plan, &start));
	return is ? plan_registrations(plan, wanted, is) : SNAP_OK;
}

snap_err snap_plan_threads(struct snap_plan *plan)
{
	const struct snap_snapshot *image = plan->image, *live = plan->live;
	// The threads of two processes have nothing to do with each other.
	if (image->identity.pid != live->identity.pid)
		return SNAP_OK;
	for (size_t i = 0; i < image->nr_threads; i++)
		SNAP_TRY(
			plan_thread(plan, &image->threads[i],
				    snap_snapshot_thread(live, image->threads[i].tid)));
	for (size_t i = 0; i < live->nr_threads; i++)
		if (!snap_snapshot_thread(image, live->threads[i].tid))
			SNAP_TRY(plan_end(plan, &live->threads[i]));
	return SNAP_OK;
}

snap_err snap_describe_thread(const struct snap_step *step, struct snap_buffer *ret)
{
	const struct snap_thread *thread = step->wanted ? step->wanted : step->is;
	SNAP_TRY(snap_describe(ret, "thread %d (", (int)thread->tid));
	SNAP_TRY(snap_describe_path(ret, thread->comm));
	return snap_describe(ret, ")");
}

snap_err snap_describe_registration(const struct snap_step *step,
				    struct snap_buffer *ret)
{
	return snap_describe(ret, "of thread %d", (int)step->tid);
}
