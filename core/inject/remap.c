#include "core/inject/remap.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "core/capture/memory.h"
#include "core/tracee/files.h"
#include "core/tracee/memory.h"

void snap_remapper_deinit(struct snap_remapper *remapper)
{
	snap_memory_deinit(&remapper->lost_heap);
}

/** The PROT_… of mmap() for a mapping. */
static uint64_t prot_of(uint32_t prot)
{
	return (prot & SNAP_VMA_READ ? PROT_READ : 0) |
	       (prot & SNAP_VMA_WRITE ? PROT_WRITE : 0) |
	       (prot & SNAP_VMA_EXEC ? PROT_EXEC : 0);
}

/** A system call whose negative result is a failure, told as "cannot `what` START-END".
 */
_must_check_ static snap_err call(struct snap_remapper *remapper, const char *what,
				  uint64_t start, uint64_t end,
				  enum snap_syscall number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS],
				  int64_t *ret)
{
	SNAP_TRY(snap_borrowed_call(remapper->worker, number, args, ret));
	if (*ret < 0 && *ret > -4096)
		return snap_error_os((int)-*ret,
				     "the process cannot %s %#" PRIx64 "-%#" PRIx64,
				     what, start, end);
	return SNAP_OK;
}

static snap_err undo_unmap(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(context, "unmap", values[0], values[0] + values[1], SNAP_SYS_MUNMAP,
		    SNAP_ARGS(values[0], values[1]), &result);
}

static snap_err undo_park(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(context, "move back", values[0], values[0] + values[1],
		    SNAP_SYS_MREMAP,
		    SNAP_ARGS(values[2], values[1], values[1],
			      MREMAP_MAYMOVE | MREMAP_FIXED, values[0]),
		    &result);
}

static snap_err undo_protect(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(context, "protect", values[0], values[0] + values[1],
		    SNAP_SYS_MPROTECT, SNAP_ARGS(values[0], values[1], values[2]),
		    &result);
}

static snap_err set_brk(struct snap_remapper *remapper, uint64_t end)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(remapper->worker, SNAP_SYS_BRK, SNAP_ARGS(end),
				    &result));
	if ((uint64_t)result != end)
		return snap_error_create(
			SNAP_ERROR_OS,
			"the process cannot set its heap's end to %#" PRIx64, end);
	return SNAP_OK;
}

static snap_err undo_brk(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	struct snap_remapper *remapper = context;
	SNAP_TRY(set_brk(remapper, values[0]));
	for (size_t i = 0; i < remapper->lost_heap.nr_extents; i++) {
		const struct snap_extent *extent = &remapper->lost_heap.extents[i];
		SNAP_TRY(snap_tracee_write(remapper->worker->tracee, extent->start,
					   snap_memory_bytes(&remapper->lost_heap,
							     extent),
					   extent->size));
	}
	return SNAP_OK;
}

/** Remember how a change is undone; snap_undo_reserve() has been called before it. */
static void push(struct snap_remapper *remapper, const char *what,
		 snap_err (*run)(void *, const uint64_t[SNAP_UNDO_VALUES]), uint64_t a,
		 uint64_t b, uint64_t c)
{
	snap_undo_push(remapper->undo, &(struct snap_undo_entry){
					       .what = what,
					       .run = run,
					       .context = remapper,
					       .values = { a, b, c },
				       });
}

static snap_err park(struct snap_remapper *remapper, const struct snap_step *step)
{
	uint64_t size = step->end - step->start;
	int64_t result;
	SNAP_TRY(call(remapper, "move away", step->start, step->end, SNAP_SYS_MREMAP,
		      SNAP_ARGS(step->start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
				step->parking),
		      &result));
	push(remapper, "move a mapping back", undo_park, step->start, size,
	     step->parking);
	return SNAP_OK;
}

/** What the pages hold that a shorter heap would lose. */
static snap_err save_lost_heap(struct snap_remapper *remapper,
			       const struct snap_step *step)
{
	size_t page_size = remapper->worker->tracee->page_size;
	uint64_t from = (step->end + page_size - 1) & ~(uint64_t)(page_size - 1);
	const struct snap_vmas *vmas = &remapper->plan->live->vmas;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		uint64_t start = vma->start > from ? vma->start : from;
		if (start < vma->end && vma->start < step->start)
			SNAP_TRY(snap_capture_range(remapper->worker->tracee, vma,
						    start, vma->end,
						    &remapper->lost_heap));
	}
	return SNAP_OK;
}

static snap_err move_brk(struct snap_remapper *remapper, const struct snap_step *step)
{
	if (step->end < step->start)
		SNAP_TRY(save_lost_heap(remapper, step));
	SNAP_TRY(set_brk(remapper, step->end));
	push(remapper, "put back the heap's end", undo_brk, step->start, 0, 0);
	return SNAP_OK;
}

static void push_unmap(struct snap_remapper *remapper, const struct snap_step *step)
{
	push(remapper, "unmap what it had mapped", undo_unmap, step->start,
	     step->end - step->start, 0);
}

static snap_err map_anonymous(struct snap_remapper *remapper,
			      const struct snap_step *step)
{
	uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
			 (step->vma->flags & SNAP_VMA_NORESERVE ? MAP_NORESERVE : 0) |
			 (step->vma->flags & SNAP_VMA_GROWSDOWN ? MAP_GROWSDOWN : 0);
	int64_t result;
	SNAP_TRY(call(remapper, "map", step->start, step->end, SNAP_SYS_MMAP,
		      SNAP_ARGS(step->start, step->end - step->start,
				prot_of(step->vma->prot), flags, (uint64_t)-1, 0),
		      &result));
	push_unmap(remapper, step);
	return SNAP_OK;
}

/** Open a file in the process: its path goes into the arena, where there is room. */
static snap_err open_file(struct snap_remapper *remapper, const struct snap_vma *vma,
			  int64_t *ret)
{
	bool writes = vma->prot & SNAP_VMA_SHARED && vma->prot & SNAP_VMA_WRITE;
	SNAP_TRY(snap_tracee_write(remapper->worker->tracee, remapper->plan->arena,
				   vma->name, strlen(vma->name) + 1));
	return call(remapper, "open the file of", vma->start, vma->end, SNAP_SYS_OPENAT,
		    SNAP_ARGS((uint64_t)AT_FDCWD, remapper->plan->arena,
			      (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC),
		    ret);
}

/** Close it, and once more if that failed: an open file must not be left behind. */
static snap_err close_file(struct snap_remapper *remapper, const struct snap_step *step,
			   int64_t fd)
{
	int64_t result;
	for (int tries = 0;; tries++) {
		snap_err error =
			call(remapper, "close the file of", step->start, step->end,
			     SNAP_SYS_CLOSE, SNAP_ARGS((uint64_t)fd), &result);
		if (!error || tries)
			return error;
		snap_error_destroy(error);
	}
}

static snap_err map_file(struct snap_remapper *remapper, const struct snap_step *step)
{
	const struct snap_vma *vma = step->vma;
	int64_t fd, result;
	SNAP_TRY(open_file(remapper, vma, &fd));
	uint64_t flags = (vma->prot & SNAP_VMA_SHARED ? MAP_SHARED : MAP_PRIVATE) |
			 MAP_FIXED_NOREPLACE;
	_cleanup_error_ snap_err error =
		call(remapper, "map", step->start, step->end, SNAP_SYS_MMAP,
		     SNAP_ARGS(step->start, step->end - step->start, prot_of(vma->prot),
			       flags, (uint64_t)fd,
			       vma->offset + (step->start - vma->start)),
		     &result);
	if (!error)
		push_unmap(remapper, step);
	SNAP_TRY(close_file(remapper, step, fd));
	return snap_take(error);
}

static snap_err map(struct snap_remapper *remapper, const struct snap_step *step)
{
	return snap_vma_is_file(step->vma) ? map_file(remapper, step)
					   : map_anonymous(remapper, step);
}

static snap_err protect(struct snap_remapper *remapper, const struct snap_step *step)
{
	uint64_t size = step->end - step->start;
	int64_t result;
	SNAP_TRY(call(remapper, "protect", step->start, step->end, SNAP_SYS_MPROTECT,
		      SNAP_ARGS(step->start, size, prot_of(step->vma->prot)), &result));
	push(remapper, "put back a protection", undo_protect, step->start, size,
	     prot_of(step->old_prot));
	return SNAP_OK;
}

snap_err snap_remap_prepare(struct snap_remapper *remapper)
{
	const struct snap_plan *plan = remapper->plan;
	SNAP_TRY(snap_undo_reserve(remapper->undo));
	int64_t result;
	SNAP_TRY(call(remapper, "map", plan->arena, plan->arena + plan->arena_size,
		      SNAP_SYS_MMAP,
		      SNAP_ARGS(plan->arena, plan->arena_size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
					MAP_NORESERVE,
				(uint64_t)-1, 0),
		      &result));
	push(remapper, "unmap its working space", undo_unmap, plan->arena,
	     plan->arena_size, 0);
	return SNAP_OK;
}

snap_err snap_remap_run(struct snap_remapper *remapper, enum snap_step_kind first,
			enum snap_step_kind last)
{
	static snap_err (*const run[])(struct snap_remapper *,
				       const struct snap_step *) = {
		[SNAP_STEP_PARK] = park,
		[SNAP_STEP_BRK] = move_brk,
		[SNAP_STEP_MAP] = map,
		[SNAP_STEP_PROTECT] = protect,
	};
	for (size_t i = 0; i < remapper->plan->nr_steps; i++) {
		const struct snap_step *step = &remapper->plan->steps[i];
		if (step->kind < first || step->kind > last)
			continue;
		SNAP_TRY(snap_undo_reserve(remapper->undo));
		SNAP_TRY(run[step->kind](remapper, step));
	}
	return SNAP_OK;
}

snap_err snap_remap_commit(struct snap_remapper *remapper)
{
	const struct snap_plan *plan = remapper->plan;
	int64_t result;
	return call(remapper, "unmap", plan->arena, plan->arena + plan->arena_size,
		    SNAP_SYS_MUNMAP, SNAP_ARGS(plan->arena, plan->arena_size), &result);
}

snap_err snap_remap_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_MAP &&
		    snap_vma_is_file(plan->steps[i].vma))
			SNAP_TRY(snap_tracee_check_file(tracee, plan->steps[i].vma));
	return SNAP_OK;
}
