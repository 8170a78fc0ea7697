// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/vacate.h"

#include <errno.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/mman.h>

#include "core/inject/room.h"
#include "core/inject/syscall_insn.h"
#include "core/inject/widen.h"
#include "core/plan/gap.h"
#include "core/plan/kernels.h"
#include "core/plan/revival_shared.h"
#include "core/tracee/memory.h"

/** A process on its way. */
struct vacating {
	struct snap_tracee *tracee;
	const struct snap_snapshot *image;
	const struct snap_snapshot *live;
	struct snap_borrowed *worker;
	/** In a place that is free on both sides; behind it that of the kernel's. */
	struct snap_room room;
	uint64_t start;
	uint64_t room_size;
	/** Behind all that: what the image's shared memory is mapped from. */
	struct snap_shared_memories shared;
	uint64_t shared_start;
};

static void deinit(struct vacating *vacating)
{
	snap_shared_memories_deinit(&vacating->shared);
}

/** What the room holds: the layout, and behind it the auxiliary vector. */
static uint64_t data_size(const struct vacating *vacating)
{
	return snap_page_up(sizeof(struct prctl_mm_map) + vacating->image->auxv_size,
			    vacating->tracee->page_size);
}

/** Whether the kernel's mappings go to where the image has them. */
static bool has_places(const struct vacating *vacating)
{
	return snap_has_kernels_of(vacating->image, &vacating->live->vmas);
}

static uint64_t kernels_size(const struct snap_vmas *vmas)
{
	uint64_t size = 0;
	for (size_t i = 0; i < vmas->nr; i++)
		if (snap_vma_can_move(&vmas->list[i]))
			size += snap_vma_size(&vmas->list[i]);
	return size;
}

/** Their code finds their data by the distance between them, which stays. */
static uint64_t kernels_start(const struct snap_vmas *vmas)
{
	for (size_t i = 0; i < vmas->nr; i++)
		if (snap_vma_can_move(&vmas->list[i]))
			return vmas->list[i].start;
	return 0;
}

static uint64_t kernels_span(const struct snap_vmas *vmas)
{
	uint64_t start = kernels_start(vmas), end = start;
	for (size_t i = 0; i < vmas->nr; i++)
		if (snap_vma_can_move(&vmas->list[i]))
			end = vmas->list[i].end;
	return end - start;
}

static snap_err open_room(struct vacating *vacating)
{
	uint64_t page_size = vacating->tracee->page_size;
	vacating->room_size = SNAP_ROOM_OVERHEAD(page_size) + data_size(vacating);
	uint64_t size = vacating->room_size + kernels_size(&vacating->live->vmas) +
			kernels_span(&vacating->live->vmas);
	uint64_t whole_size;
	if (__builtin_add_overflow(size, snap_shared_memories_size(&vacating->shared),
				   &whole_size))
		whole_size = UINT64_MAX;
	SNAP_TRY(snap_find_gap(&vacating->image->vmas, &vacating->live->vmas, page_size,
			       whole_size, &vacating->start));
	vacating->shared_start = vacating->start + size;
	SNAP_TRY(snap_must_call(vacating->worker, SNAP_SYS_MMAP,
				SNAP_ARGS(vacating->start, vacating->room_size,
					  PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS |
						  MAP_FIXED_NOREPLACE,
					  (uint64_t)-1, 0),
				"map working space"));
	SNAP_TRY(snap_room_use(vacating->worker, vacating->start, vacating->room_size,
			       &vacating->room));
	if (vacating->room.code)
		return SNAP_OK;
	return snap_error_create(
		SNAP_ERROR_UNSUPPORTED,
		"a new process may not make its own memory executable here");
}

/** One call of the room's, that must not fail. */
_must_check_ static snap_err must(struct vacating *vacating, struct snap_call *call,
				  const char *what)
{
	SNAP_TRY(snap_room_call(&vacating->room, vacating->worker, call, 1, true));
	if (!snap_call_failed(call->result))
		return SNAP_OK;
	return snap_error_os((int)-call->result, "the new process cannot %s", what);
}

static snap_err unmap_all(struct vacating *vacating)
{
	const struct snap_vmas *vmas = &vacating->live->vmas;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		struct snap_call call =
			SNAP_CALL(MUNMAP, vma->start, snap_vma_size(vma));
		if (!snap_vma_is_kernels(vma))
			SNAP_TRY(must(vacating, &call, "give up what it has mapped"));
	}
	return SNAP_OK;
}

static snap_err move(struct vacating *vacating, uint64_t from, uint64_t to,
		     uint64_t size)
{
	struct snap_call call =
		SNAP_CALL(MREMAP, from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	return must(vacating, &call,
		    "move what the kernel has mapped (it may have sealed it)");
}

/** Where the image has it; those of another kernel are together behind the parking. */
static uint64_t place_of(const struct vacating *vacating, const struct snap_vma *vma)
{
	const struct snap_vmas *vmas = &vacating->live->vmas;
	if (has_places(vacating))
		return snap_find_kernel_mapping(&vacating->image->vmas, vma)->start;
	return vacating->start + vacating->room_size + kernels_size(vmas) +
	       (vma->start - kernels_start(vmas));
}

/** All are moved out of the way first: each may lie where another one goes. */
static snap_err move_kernels(struct vacating *vacating)
{
	const struct snap_vmas *vmas = &vacating->live->vmas;
	uint64_t parking = vacating->start + vacating->room_size;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (!snap_vma_can_move(vma))
			continue;
		SNAP_TRY(move(vacating, vma->start, parking, snap_vma_size(vma)));
		parking += snap_vma_size(vma);
	}
	parking = vacating->start + vacating->room_size;
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (!snap_vma_can_move(vma))
			continue;
		uint64_t place = place_of(vacating, vma);
		SNAP_TRY(move(vacating, parking, place, snap_vma_size(vma)));
		parking += snap_vma_size(vma);
		if (!strcmp(vma->name, "[vdso]"))
			vacating->worker->insn += place - vma->start;
	}
	return SNAP_OK;
}

/** Zeros, to be written to and mapped from by the restore, which unmaps them here. */
static snap_err map_shared(struct vacating *vacating)
{
	uint64_t place = vacating->shared_start;
	for (size_t i = 0; i < vacating->shared.nr; i++) {
		const struct snap_shared_memory *memory = &vacating->shared.list[i];
		struct snap_call call =
			SNAP_CALL(MMAP, place, memory->size, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE |
					  (memory->is_unreserved ? MAP_NORESERVE : 0),
				  (uint64_t)-1, 0);
		SNAP_TRY(must(vacating, &call, "map its shared memory"));
		place += memory->size;
	}
	return SNAP_OK;
}

/** What the image does not know is what it was: nobody depends on it. */
static struct prctl_mm_map make_layout(const struct vacating *vacating, uint64_t auxv)
{
	const struct snap_snapshot *image = vacating->image;
	const uint64_t *of_image = image->state.landmarks;
	const uint64_t *layout = of_image[SNAP_LANDMARK_START_CODE]
					 ? of_image
					 : vacating->live->state.landmarks;
	uint64_t start_brk = image->start_brk ? image->start_brk : image->brk;
	return (struct prctl_mm_map){
		.start_code = layout[SNAP_LANDMARK_START_CODE],
		.end_code = layout[SNAP_LANDMARK_END_CODE],
		.start_data = layout[SNAP_LANDMARK_START_DATA],
		.end_data = layout[SNAP_LANDMARK_END_DATA],
		.start_brk = start_brk ? start_brk : vacating->live->start_brk,
		.brk = image->brk  ? image->brk
		       : start_brk ? start_brk
				   : vacating->live->brk,
		.start_stack = layout[SNAP_LANDMARK_START_STACK],
		.arg_start = layout[SNAP_LANDMARK_ARG_START],
		.arg_end = layout[SNAP_LANDMARK_ARG_END],
		.env_start = layout[SNAP_LANDMARK_ENV_START],
		.env_end = layout[SNAP_LANDMARK_ENV_END],
		.auxv = (__u64 *)(uintptr_t)auxv,
		.auxv_size = (__u32)image->auxv_size,
		.exe_fd = (__u32)-1,
	};
}

static snap_err set_layout(struct vacating *vacating)
{
	const struct snap_snapshot *image = vacating->image;
	uint64_t place = vacating->room.data,
		 auxv = place + sizeof(struct prctl_mm_map);
	struct prctl_mm_map map = make_layout(vacating, auxv);
	SNAP_TRY(snap_tracee_write(vacating->tracee, place, &map, sizeof(map)));
	SNAP_TRY(snap_tracee_write(vacating->tracee, auxv, image->auxv,
				   image->auxv_size));
	struct snap_call call =
		SNAP_CALL(PRCTL, PR_SET_MM, PR_SET_MM_MAP, place, sizeof(map));
	return must(vacating, &call,
		    "say where its heap, its stack and its arguments begin");
}

/** MEMBARRIER_CMD_REGISTER_…: each is a bit of what is told of them. */
static snap_err register_barriers(struct vacating *vacating)
{
	const struct snap_attribute_values *values = &vacating->image->state.attributes;
	if (!snap_attribute_is_known(values, SNAP_ATTRIBUTE_MEMBARRIER))
		return SNAP_OK;
	uint64_t commands = values->list[SNAP_ATTRIBUTE_MEMBARRIER];
	for (; commands; commands &= commands - 1) {
		struct snap_call call = SNAP_CALL(MEMBARRIER, commands & -commands);
		SNAP_TRY(must(vacating, &call, "register its memory barriers"));
	}
	return SNAP_OK;
}

/**
 * A page of it stays, for the restore to unmap: whoever looks for room looks between
 * mappings (core/plan/gap.h).
 */
static snap_err close_room(struct vacating *vacating)
{
	uint64_t page_size = vacating->tracee->page_size;
	return snap_must_call(vacating->worker, SNAP_SYS_MUNMAP,
			      SNAP_ARGS(vacating->start + page_size,
					vacating->room_size - page_size),
			      "unmap its working space");
}

static snap_err vacate(struct vacating *vacating)
{
	SNAP_TRY(snap_find_shared_memories(&vacating->image->vmas, &vacating->shared));
	SNAP_TRY(open_room(vacating));
	SNAP_TRY(unmap_all(vacating));
	SNAP_TRY(set_layout(vacating));
	SNAP_TRY(register_barriers(vacating));
	SNAP_TRY(snap_widen_thread(vacating->worker, &vacating->room, vacating->image));
	SNAP_TRY(map_shared(vacating));
	SNAP_TRY(move_kernels(vacating));
	return close_room(vacating);
}

snap_err snap_vacate(struct snap_tracee *tracee, const struct snap_snapshot *image,
		     const struct snap_snapshot *live)
{
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &live->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed worker = { 0 };
	SNAP_TRY(snap_borrow(tracee, tracee->pid, insn, live, &worker));
	_cleanup_(deinit) struct vacating vacating = {
		.tracee = tracee,
		.image = image,
		.live = live,
		.worker = &worker,
	};
	SNAP_TRY(vacate(&vacating));
	return snap_borrowed_return(&worker);
}
