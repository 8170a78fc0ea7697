#include "core/inject/remap.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "core/capture/memory.h"
#include "core/inject/restorer.h"
#include "core/tracee/files.h"
#include "core/tracee/memory.h"

/** The PROT_… of mmap() for a mapping. */
static uint64_t prot_of(uint32_t prot)
{
	return (prot & SNAP_VMA_READ ? PROT_READ : 0) |
	       (prot & SNAP_VMA_WRITE ? PROT_WRITE : 0) |
	       (prot & SNAP_VMA_EXEC ? PROT_EXEC : 0);
}

/** A system call whose negative result is a failure, told as "cannot `what` START-END".
 */
_must_check_ static snap_err call(struct snap_restorer *restorer, const char *what,
				  uint64_t start, uint64_t end,
				  enum snap_syscall number,
				  const uint64_t args[SNAP_MAX_SYSCALL_ARGS],
				  int64_t *ret)
{
	SNAP_TRY(snap_borrowed_call(restorer->worker, number, args, ret));
	if (*ret < 0 && *ret > -4096)
		return snap_error_os((int)-*ret,
				     "the process cannot %s %#" PRIx64 "-%#" PRIx64,
				     what, start, end);
	return SNAP_OK;
}

static snap_err undo_unmap(struct snap_restorer *restorer, const struct snap_step *step,
			   const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(restorer, "unmap", values[0], values[0] + values[1],
		    SNAP_SYS_MUNMAP, SNAP_ARGS(values[0], values[1]), &result);
}

static snap_err undo_park(struct snap_restorer *restorer, const struct snap_step *step,
			  const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(restorer, "move back", values[0], values[0] + values[1],
		    SNAP_SYS_MREMAP,
		    SNAP_ARGS(values[2], values[1], values[1],
			      MREMAP_MAYMOVE | MREMAP_FIXED, values[0]),
		    &result);
}

static snap_err undo_protect(struct snap_restorer *restorer,
			     const struct snap_step *step,
			     const uint64_t values[SNAP_UNDO_VALUES])
{
	int64_t result;
	return call(restorer, "protect", values[0], values[0] + values[1],
		    SNAP_SYS_MPROTECT, SNAP_ARGS(values[0], values[1], values[2]),
		    &result);
}

static snap_err set_brk(struct snap_restorer *restorer, uint64_t end)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(restorer->worker, SNAP_SYS_BRK, SNAP_ARGS(end),
				    &result));
	if ((uint64_t)result != end)
		return snap_error_create(
			SNAP_ERROR_OS,
			"the process cannot set its heap's end to %#" PRIx64, end);
	return SNAP_OK;
}

static snap_err undo_brk(struct snap_restorer *restorer, const struct snap_step *step,
			 const uint64_t values[SNAP_UNDO_VALUES])
{
	SNAP_TRY(set_brk(restorer, values[0]));
	for (size_t i = 0; i < restorer->lost_heap.nr_extents; i++) {
		const struct snap_extent *extent = &restorer->lost_heap.extents[i];
		SNAP_TRY(snap_tracee_write(restorer->tracee, extent->start,
					   snap_memory_bytes(&restorer->lost_heap,
							     extent),
					   extent->size));
	}
	return SNAP_OK;
}

snap_err snap_do_park(struct snap_restorer *restorer, const struct snap_step *step)
{
	uint64_t size = step->end - step->start;
	int64_t result;
	SNAP_TRY(call(restorer, "move away", step->start, step->end, SNAP_SYS_MREMAP,
		      SNAP_ARGS(step->start, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
				step->parking),
		      &result));
	snap_restorer_push(restorer, "move a mapping back", undo_park, step,
			   step->start, size, step->parking);
	return SNAP_OK;
}

/** What the pages hold that a shorter heap would lose. */
static snap_err save_lost_heap(struct snap_restorer *restorer,
			       const struct snap_step *step)
{
	size_t page_size = restorer->tracee->page_size;
	uint64_t from = (step->end + page_size - 1) & ~(uint64_t)(page_size - 1);
	const struct snap_vmas *vmas = &restorer->plan->live->vmas;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		uint64_t start = vma->start > from ? vma->start : from;
		if (start < vma->end && vma->start < step->start)
			SNAP_TRY(snap_capture_range(restorer->tracee, vma, start,
						    vma->end, &restorer->lost_heap));
	}
	return SNAP_OK;
}

snap_err snap_do_move_brk(struct snap_restorer *restorer, const struct snap_step *step)
{
	if (step->end < step->start)
		SNAP_TRY(save_lost_heap(restorer, step));
	SNAP_TRY(set_brk(restorer, step->end));
	snap_restorer_push(restorer, "put back the heap's end", undo_brk, step,
			   step->start, 0, 0);
	return SNAP_OK;
}

static void push_unmap(struct snap_restorer *restorer, const struct snap_step *step)
{
	snap_restorer_push(restorer, "unmap what it had mapped", undo_unmap, step,
			   step->start, step->end - step->start, 0);
}

static snap_err map_anonymous(struct snap_restorer *restorer,
			      const struct snap_step *step)
{
	uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
			 (step->vma->flags & SNAP_VMA_NORESERVE ? MAP_NORESERVE : 0) |
			 (step->vma->flags & SNAP_VMA_GROWSDOWN ? MAP_GROWSDOWN : 0);
	int64_t result;
	SNAP_TRY(call(restorer, "map", step->start, step->end, SNAP_SYS_MMAP,
		      SNAP_ARGS(step->start, step->end - step->start,
				prot_of(step->vma->prot), flags, (uint64_t)-1, 0),
		      &result));
	push_unmap(restorer, step);
	return SNAP_OK;
}

/** Open a file in the process: its path goes into the room. */
static snap_err open_file(struct snap_restorer *restorer, const struct snap_vma *vma,
			  int64_t *ret)
{
	bool writes = vma->prot & SNAP_VMA_SHARED && vma->prot & SNAP_VMA_WRITE;
	SNAP_TRY(snap_tracee_write(restorer->tracee, restorer->room.data, vma->name,
				   strlen(vma->name) + 1));
	return call(restorer, "open the file of", vma->start, vma->end, SNAP_SYS_OPENAT,
		    SNAP_ARGS((uint64_t)AT_FDCWD, restorer->room.data,
			      (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC),
		    ret);
}

/** Close it, and once more if that failed: an open file must not be left behind. */
static snap_err close_file(struct snap_restorer *restorer, const struct snap_step *step,
			   int64_t fd)
{
	int64_t result;
	for (int tries = 0;; tries++) {
		snap_err error =
			call(restorer, "close the file of", step->start, step->end,
			     SNAP_SYS_CLOSE, SNAP_ARGS((uint64_t)fd), &result);
		if (!error || tries)
			return error;
		snap_error_destroy(error);
	}
}

static snap_err map_file(struct snap_restorer *restorer, const struct snap_step *step)
{
	const struct snap_vma *vma = step->vma;
	int64_t fd, result;
	SNAP_TRY(open_file(restorer, vma, &fd));
	uint64_t flags = (vma->prot & SNAP_VMA_SHARED ? MAP_SHARED : MAP_PRIVATE) |
			 MAP_FIXED_NOREPLACE;
	_cleanup_error_ snap_err error =
		call(restorer, "map", step->start, step->end, SNAP_SYS_MMAP,
		     SNAP_ARGS(step->start, step->end - step->start, prot_of(vma->prot),
			       flags, (uint64_t)fd,
			       vma->offset + (step->start - vma->start)),
		     &result);
	if (!error)
		push_unmap(restorer, step);
	SNAP_TRY(close_file(restorer, step, fd));
	return snap_take(error);
}

snap_err snap_do_map(struct snap_restorer *restorer, const struct snap_step *step)
{
	return snap_vma_is_file(step->vma) ? map_file(restorer, step)
					   : map_anonymous(restorer, step);
}

snap_err snap_do_protect(struct snap_restorer *restorer, const struct snap_step *step)
{
	uint64_t size = step->end - step->start;
	int64_t result;
	SNAP_TRY(call(restorer, "protect", step->start, step->end, SNAP_SYS_MPROTECT,
		      SNAP_ARGS(step->start, size, prot_of(step->vma->prot)), &result));
	snap_restorer_push(restorer, "put back a protection", undo_protect, step,
			   step->start, size, prot_of(step->old_prot));
	return SNAP_OK;
}

snap_err snap_remap_validate(struct snap_tracee *tracee, const struct snap_plan *plan)
{
	for (size_t i = 0; i < plan->nr_steps; i++)
		if (plan->steps[i].kind == SNAP_STEP_MAP &&
		    snap_vma_is_file(plan->steps[i].vma))
			SNAP_TRY(snap_tracee_check_file(tracee, plan->steps[i].vma));
	return SNAP_OK;
}
