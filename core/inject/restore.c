#include "core/inject/restore.h"

#include <string.h>

#include "core/inject/borrow.h"
#include "core/inject/land.h"
#include "core/inject/memory.h"
#include "core/inject/remap.h"
#include "core/inject/syscall_insn.h"
#include "core/inject/undo.h"

/**
 * A restore on its way. Its order: all threads are borrowed; the first of them makes
 * the system calls that bring the mappings back; memory is written and compared; every
 * thread is landed and compared; what was only parked is dropped; the threads' stops
 * are made those of the snapshot. Up to there everything can be undone.
 */
struct restore {
	struct snap_tracee *tracee;
	const struct snap_plan *plan;
	struct snap_undo undo;
	/** One for each thread of the image, in its order. */
	struct snap_borrowed *threads;
	struct snap_remapper remapper;
	struct snap_rewinder rewinder;
	bool verifies_memory;
};

static void deinit(struct restore *restore)
{
	snap_undo_deinit(&restore->undo);
	snap_remapper_deinit(&restore->remapper);
	snap_rewinder_deinit(&restore->rewinder);
	for (size_t i = 0; restore->threads && i < restore->plan->image->nr_threads;
	     i++)
		snap_borrowed_deinit(&restore->threads[i]);
	free(restore->threads);
}

snap_err snap_restore_frame_room(const struct snap_cpu *cpu,
				 const struct snap_snapshot *image, size_t page_size,
				 size_t *ret)
{
	size_t room = page_size; // A path may have to go there, too.
	for (size_t i = 0; i < image->nr_threads; i++) {
		size_t size;
		SNAP_TRY(image->arch->sigframe_size(cpu, &image->threads[i], &size));
		if (size > room)
			room = size;
	}
	*ret = (room + page_size - 1) & ~(page_size - 1);
	return SNAP_OK;
}

/** The thread as it shall be, for a frame: what the image does not know stays as it is.
 */
static struct snap_thread wanted_thread(const struct restore *restore, size_t index)
{
	struct snap_thread wanted = restore->plan->image->threads[index];
	const struct snap_thread *live =
		snap_snapshot_thread(restore->plan->live, wanted.tid);
	if (!snap_thread_has(&wanted, SNAP_THREAD_ALTSTACK)) {
		wanted.altstack = live->altstack;
		wanted.members |= live->members & SNAP_THREAD_ALTSTACK;
	}
	if (!snap_thread_has(&wanted, SNAP_THREAD_SIGMASK)) {
		wanted.sigmask = live->sigmask;
		wanted.members |= live->members & SNAP_THREAD_SIGMASK;
	}
	return wanted;
}

static snap_err undo_memory(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	struct restore *restore = context;
	return snap_unwind_memory(&restore->rewinder);
}

/** The frame brings the altstack back; the rest is brought back by the return. */
static snap_err undo_land(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	struct restore *restore = context;
	struct snap_borrowed *borrowed = &restore->threads[values[0]];
	const struct snap_thread *live =
		snap_snapshot_thread(restore->plan->live, borrowed->thread.tid);
	return snap_land(borrowed, &restore->plan->live->cpu, live,
			 restore->plan->arena);
}

static snap_err undo_borrow(void *context, const uint64_t values[SNAP_UNDO_VALUES])
{
	struct restore *restore = context;
	return snap_borrowed_return(&restore->threads[values[0]]);
}

static void push(struct restore *restore, const char *what,
		 snap_err (*run)(void *, const uint64_t[SNAP_UNDO_VALUES]),
		 uint64_t value)
{
	snap_undo_push(&restore->undo, &(struct snap_undo_entry){
					       .what = what,
					       .run = run,
					       .context = restore,
					       .values = { value },
				       });
}

static snap_err borrow_threads(struct restore *restore)
{
	const struct snap_snapshot *image = restore->plan->image;
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(restore->tracee, &restore->plan->live->vmas,
					&insn));
	for (size_t i = 0; i < image->nr_threads; i++) {
		SNAP_TRY(snap_undo_reserve(&restore->undo));
		SNAP_TRY(snap_borrow(restore->tracee, image->threads[i].tid, insn,
				     &restore->threads[i]));
		push(restore, "give a thread back", undo_borrow, i);
	}
	return SNAP_OK;
}

static snap_err rewind_memory(struct restore *restore)
{
	SNAP_TRY(snap_undo_reserve(&restore->undo));
	push(restore, "write memory back", undo_memory, 0);
	SNAP_TRY(snap_rewind_memory(&restore->rewinder));
	SNAP_TRY(snap_remap_run(&restore->remapper, SNAP_STEP_PROTECT,
				SNAP_STEP_PROTECT));
	return restore->verifies_memory ? snap_verify_memory(&restore->rewinder)
					: SNAP_OK;
}

static bool is_same_altstack(const struct snap_thread *a, const struct snap_thread *b)
{
	return a->altstack.sp == b->altstack.sp && a->altstack.size == b->altstack.size;
}

static snap_err land_thread(struct restore *restore, size_t index)
{
	const struct snap_plan *plan = restore->plan;
	struct snap_thread wanted = wanted_thread(restore, index);
	struct snap_borrowed *borrowed = &restore->threads[index];
	SNAP_TRY(snap_land(borrowed, &plan->live->cpu, &wanted, plan->arena));
	if (is_same_altstack(&wanted, snap_snapshot_thread(plan->live, wanted.tid)))
		return SNAP_OK;
	return snap_land_check_altstack(borrowed, &plan->live->cpu, &wanted,
					plan->arena);
}

static snap_err land_threads(struct restore *restore)
{
	for (size_t i = 0; i < restore->plan->image->nr_threads; i++) {
		SNAP_TRY(snap_undo_reserve(&restore->undo));
		push(restore, "land a thread where it was", undo_land, i);
		SNAP_TRY(land_thread(restore, i));
	}
	return SNAP_OK;
}

/**
 * Drop the arena. The thread that does it has been landed already: it is borrowed from
 * where it stands now, and given back to there.
 */
static snap_err commit(struct restore *restore)
{
	struct snap_borrowed *first = &restore->threads[0];
	_cleanup_borrowed_ struct snap_borrowed again = { 0 };
	SNAP_TRY(snap_borrow(restore->tracee, first->thread.tid, first->insn, &again));
	restore->remapper.worker = &again;
	snap_err error = snap_remap_commit(&restore->remapper);
	restore->remapper.worker = first;
	if (error)
		return error;
	// From here on there is no way back, so giving the thread back has to succeed.
	error = snap_borrowed_return(&again);
	if (!error)
		return SNAP_OK;
	snap_error_destroy(error);
	return snap_error_prefix(
		snap_borrowed_return(&again),
		"the process was restored, but its first thread is lost");
}

/** The stops are made to look right. Nothing of the program is touched any more. */
static snap_err finish_threads(struct restore *restore)
{
	for (size_t i = 0; i < restore->plan->image->nr_threads; i++) {
		struct snap_thread wanted = wanted_thread(restore, i);
		snap_err error = snap_land_finish(&restore->threads[i], &wanted);
		if (error) {
			snap_error_destroy(error);
			SNAP_TRY(snap_land_finish(&restore->threads[i], &wanted));
		}
		snap_borrowed_keep(&restore->threads[i]);
	}
	return SNAP_OK;
}

static snap_err run(struct restore *restore)
{
	SNAP_TRY(borrow_threads(restore));
	SNAP_TRY(snap_remap_prepare(&restore->remapper));
	SNAP_TRY(snap_remap_run(&restore->remapper, SNAP_STEP_PARK, SNAP_STEP_MAP));
	SNAP_TRY(rewind_memory(restore));
	SNAP_TRY(land_threads(restore));
	return commit(restore);
}

snap_err snap_restore_execute(struct snap_tracee *tracee, const struct snap_plan *plan,
			      const struct snap_range *skips, size_t nr_skips,
			      bool verifies_memory,
			      const struct snap_progress *progress,
			      struct snap_restore_counts *ret)
{
	_cleanup_(deinit) struct restore restore = {
		.tracee = tracee,
		.plan = plan,
		.verifies_memory = verifies_memory,
		.threads = calloc(plan->image->nr_threads, sizeof(*restore.threads)),
	};
	if (!restore.threads)
		return &snap_enomem;
	restore.remapper = (struct snap_remapper){
		.plan = plan,
		.worker = &restore.threads[0],
		.undo = &restore.undo,
	};
	restore.rewinder = (struct snap_rewinder){
		.worker = &restore.threads[0],
		.image = plan->image,
		.skips = skips,
		.nr_skips = nr_skips,
		.progress = progress,
	};
	snap_err error = run(&restore);
	if (error)
		return snap_undo_run(&restore.undo, error);
	SNAP_TRY(finish_threads(&restore));
	ret->bytes_compared = restore.rewinder.bytes_compared;
	ret->bytes_written = restore.rewinder.bytes_written;
	return SNAP_OK;
}
