// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/remap.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "core/inject/reopen.h"
#include "core/plan/attributes.h"

// Since Linux 6.13 (include/uapi/asm-generic/mman-common.h).
#define SNAP_MADV_GUARD_INSTALL 102
#define SNAP_MADV_GUARD_REMOVE  103

/** The most steps that are done in one go. */
#define BATCH ((size_t)64)

/** A kind of step that is one system call, and that another one undoes. */
struct one_call {
	/** Completes "the process cannot …" and, of the undo, "could not …". */
	const char *verb;
	const char *undo;
	void (*fill)(const struct snap_step *step, struct snap_call *call);
	/** NULL: nothing has to be done, or can be. */
	void (*fill_undo)(const struct snap_step *step, struct snap_call *call);
	/** Its undo does no harm where the step was done in part, or not at all. */
	bool is_harmless;
	/** What the plan itself has made needs no undo of its own. */
	bool is_of_live;
};

static uint64_t size_of(const struct snap_step *step)
{
	return step->end - step->start;
}

/** The PROT_… of mmap() for a mapping. */
static uint64_t prot_of(uint32_t prot)
{
	return (prot & SNAP_VMA_READ ? PROT_READ : 0) |
	       (prot & SNAP_VMA_WRITE ? PROT_WRITE : 0) |
	       (prot & SNAP_VMA_EXEC ? PROT_EXEC : 0);
}

static void set(struct snap_call *call, enum snap_syscall number, uint64_t a,
		uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	*call = (struct snap_call){ .number = number, .args = { a, b, c, d, e } };
}

static void fill_park(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MREMAP, step->start, size_of(step), size_of(step),
	    MREMAP_MAYMOVE | MREMAP_FIXED, step->parking);
}

static void fill_unpark(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MREMAP, step->parking, size_of(step), size_of(step),
	    MREMAP_MAYMOVE | MREMAP_FIXED, step->start);
}

static void fill_unmap(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MUNMAP, step->start, size_of(step), 0, 0, 0);
}

/** With an old size of 0, mremap() maps shared memory once more (man 2 mremap). */
static void fill_share(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MREMAP, step->parking, 0, size_of(step),
	    MREMAP_MAYMOVE | MREMAP_FIXED, step->start);
}

static void fill_map(const struct snap_step *step, struct snap_call *call)
{
	uint32_t flags = step->vma->flags;
	set(call, SNAP_SYS_MMAP, step->start, size_of(step), prot_of(step->vma->prot),
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
		    (flags & SNAP_VMA_NORESERVE ? MAP_NORESERVE : 0) |
		    (flags & SNAP_VMA_GROWSDOWN ? MAP_GROWSDOWN : 0),
	    (uint64_t)-1);
}

/** Keys count only where one side has one; code without data has the kernel's. */
static void fill_protection(const struct snap_step *step, const struct snap_vma *from,
			    const struct snap_vma *to, struct snap_call *call)
{
	bool has_key = to->pkey || (from && from->pkey);
	set(call,
	    has_key && !snap_vma_is_exec_only(to) ? SNAP_SYS_PKEY_MPROTECT
						  : SNAP_SYS_MPROTECT,
	    step->start, size_of(step), prot_of(to->prot), to->pkey, 0);
}

static void fill_protect(const struct snap_step *step, struct snap_call *call)
{
	fill_protection(step, step->is, step->vma, call);
}

static void fill_unprotect(const struct snap_step *step, struct snap_call *call)
{
	fill_protection(step, step->vma, step->is, call);
}

static void fill_advice(const struct snap_step *step, const struct snap_vma *to,
			struct snap_call *call)
{
	int advice = snap_advice_for(&snap_advice[step->number], to->flags);
	set(call, SNAP_SYS_MADVISE, step->start, size_of(step), (uint64_t)advice, 0, 0);
}

static void fill_advise(const struct snap_step *step, struct snap_call *call)
{
	fill_advice(step, step->vma, call);
}

static void fill_unadvise(const struct snap_step *step, struct snap_call *call)
{
	fill_advice(step, step->is, call);
}

static void fill_lock_of(const struct snap_step *step, const struct snap_vma *to,
			 struct snap_call *call)
{
	if (to->flags & SNAP_VMA_LOCKED)
		set(call, SNAP_SYS_MLOCK2, step->start, size_of(step),
		    to->flags & SNAP_VMA_LOCK_ON_FAULT ? MLOCK_ONFAULT : 0, 0, 0);
	else
		set(call, SNAP_SYS_MUNLOCK, step->start, size_of(step), 0, 0, 0);
}

static void fill_lock(const struct snap_step *step, struct snap_call *call)
{
	fill_lock_of(step, step->vma, call);
}

static void fill_unlock(const struct snap_step *step, struct snap_call *call)
{
	fill_lock_of(step, step->is, call);
}

static void fill_guard(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MADVISE, step->start, size_of(step), SNAP_MADV_GUARD_INSTALL,
	    0, 0);
}

static void fill_unguard(const struct snap_step *step, struct snap_call *call)
{
	set(call, SNAP_SYS_MADVISE, step->start, size_of(step), SNAP_MADV_GUARD_REMOVE,
	    0, 0);
}

static const struct one_call one_calls[SNAP_NR_STEP_KINDS] = {
	[SNAP_STEP_UNGUARD] = { "take the guard from", "put a guard back", fill_unguard,
				fill_guard, true, true },
	[SNAP_STEP_PARK] = { "move away", "move a mapping back", fill_park,
			     fill_unpark },
	[SNAP_STEP_MAP] = { "map", "unmap what it had mapped", fill_map, fill_unmap },
	[SNAP_STEP_SHARE] = { "map once more", "unmap what it had mapped", fill_share,
			      fill_unmap },
	[SNAP_STEP_UNLOCK] = { "unlock", "lock memory again", fill_lock, fill_unlock,
			       true, true },
	[SNAP_STEP_GUARD] = { "make a guard of", "take a guard away again", fill_guard,
			      fill_unguard, true, true },
	[SNAP_STEP_PROTECT_SHARED] = { "protect", "put back a protection", fill_protect,
				       fill_unprotect, true, true },
	[SNAP_STEP_PROTECT] = { "protect", "put back a protection", fill_protect,
				fill_unprotect, true, true },
	[SNAP_STEP_ADVISE] = { "give advice about", "put back some advice", fill_advise,
			       fill_unadvise, true, true },
	[SNAP_STEP_LOCK] = { "lock", "unlock memory again", fill_lock, fill_unlock,
			     true, true },
	[SNAP_STEP_UNMAP] = { "unmap", "bring back what was removed", fill_unmap,
			      NULL },
};

static snap_err refuse_result(const struct snap_step *step, const char *verb,
			      int64_t result)
{
	snap_err error = snap_error_os((int)-result,
				       "the process cannot %s %#" PRIx64 "-%#" PRIx64,
				       verb, step->start, step->end);
	if (result != -ENOMEM && result != -EAGAIN && result != -EPERM)
		return error;
	return snap_error_with_remedy(
		error, "look at the limits: vm.max_map_count, and 'prlimit --pid PID' "
		       "for the address space (AS) and locked memory (MEMLOCK)");
}

static snap_err undo_call(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	const struct one_call *one = &one_calls[step->kind];
	if (!one->fill_undo)
		return snap_error_create(SNAP_ERROR_OS,
					 "the mapping %#" PRIx64 "-%#" PRIx64
					 " is gone for good",
					 step->start, step->end);
	struct snap_call call;
	one->fill_undo(step, &call);
	SNAP_TRY(snap_borrowed_call(restorer->worker, call.number, call.args,
				    &call.result));
	return snap_call_failed(call.result)
		       ? refuse_result(step, "undo a change of", call.result)
		       : SNAP_OK;
}

/**
 * mlock() locks what cannot be read, too, but then complains that it could not make its
 * pages (mm/mlock.c, __mlock_posix_error_return()).
 */
static bool is_fine(const struct snap_step *step, const struct snap_call *call)
{
	if (!snap_call_failed(call->result))
		return true;
	return call->number == SNAP_SYS_MLOCK2 && call->result == -ENOMEM &&
	       (!prot_of(step->vma->prot) || step->vma->flags & SNAP_VMA_GUARD);
}

static void push_undo(struct snap_restorer *restorer, const struct snap_step *step,
		      const struct snap_call *call)
{
	const struct one_call *one = &one_calls[step->kind];
	if (call->result == SNAP_NOT_MADE || (one->is_of_live && !step->is) ||
	    (snap_call_failed(call->result) && !one->is_harmless))
		return;
	snap_restorer_push(restorer, one->undo, undo_call, step, 0, 0, 0);
}

/** What mmap() wants for memory that has tags. */
static uint64_t tagged_prot(const struct snap_restorer *restorer,
			    const struct snap_vma *vma)
{
	const struct snap_memory_tags *tags = restorer->tracee->arch->memory_tags;
	return tags && vma->flags & SNAP_VMA_TAGGED ? tags->prot : 0;
}

/** Do at most BATCH steps of one kind. *ret_done: how many of them are done. */
static snap_err do_some(struct snap_restorer *restorer, const struct snap_step *steps,
			size_t nr, size_t *ret_done)
{
	const struct one_call *one = &one_calls[steps->kind];
	struct snap_call calls[BATCH];
	for (size_t i = 0; i < nr; i++) {
		one->fill(&steps[i], &calls[i]);
		if (steps[i].kind == SNAP_STEP_MAP)
			calls[i].args[2] |= tagged_prot(restorer, steps[i].vma);
	}
	SNAP_TRY(snap_undo_reserve(&restorer->undo, nr));
	snap_err error =
		snap_room_call(&restorer->room, restorer->worker, calls, nr, true);
	*ret_done = 0;
	for (size_t i = 0; i < nr; i++) {
		push_undo(restorer, &steps[i], &calls[i]);
		if (error || calls[i].result == SNAP_NOT_MADE)
			continue;
		if (is_fine(&steps[i], &calls[i]))
			*ret_done = i + 1;
		else
			error = refuse_result(&steps[i], one->verb, calls[i].result);
	}
	return error;
}

static snap_err do_all(struct snap_restorer *restorer, const struct snap_step *steps,
		       size_t nr)
{
	for (size_t done = 0; done < nr;) {
		size_t some = nr - done < BATCH ? nr - done : BATCH;
		SNAP_TRY(do_some(restorer, steps + done, some, &some));
		done += some;
	}
	return SNAP_OK;
}

/** Whether two steps are done in one go. */
static bool is_alike(const struct snap_step *a, const struct snap_step *b)
{
	return a->kind == b->kind &&
	       (a->kind != SNAP_STEP_MAP ||
		snap_vma_is_file(a->vma) == snap_vma_is_file(b->vma));
}

/** How many steps are done together with this one; 0: one before has done it. */
static size_t count_alike(const struct snap_plan *plan, const struct snap_step *step)
{
	const struct snap_step *end = plan->steps + plan->nr_steps;
	if (step > plan->steps && is_alike(step - 1, step))
		return 0;
	size_t nr = 1;
	while (step + nr < end && is_alike(step, step + nr))
		nr++;
	return nr;
}

snap_err snap_do_remap(struct snap_restorer *restorer, const struct snap_step *step)
{
	return do_all(restorer, step, count_alike(restorer->plan, step));
}

/** Unmapping twice does no harm: a failure in between is not the end. */
snap_err snap_do_unmap(struct snap_restorer *restorer, const struct snap_step *step)
{
	size_t nr = count_alike(restorer->plan, step);
	snap_err error = do_all(restorer, step, nr);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return do_all(restorer, step, nr);
}

snap_err snap_do_map(struct snap_restorer *restorer, const struct snap_step *step)
{
	if (!snap_vma_is_file(step->vma))
		return snap_do_remap(restorer, step);
	return snap_map_file(restorer, step,
			     prot_of(step->vma->prot) |
				     tagged_prot(restorer, step->vma));
}

snap_err snap_remap_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_MAP &&
		    snap_vma_is_file(plan->steps[i].vma))
			SNAP_TRY(snap_check_reopen(tracee, plan->steps[i].vma));
	return SNAP_OK;
}
