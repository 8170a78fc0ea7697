// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/session.h"

#include <string.h>

#include "arch/machine.h"
#include "core/capture/memory.h"
#include "core/capture/process.h"
#include "core/capture/rseq.h"
#include "core/capture/sharing.h"
#include "core/capture/syscall.h"
#include "core/capture/tags.h"
#include "core/compat/adapt.h"
#include "core/image/unread.h"
#include "core/inject/attributes.h"
#include "core/inject/files.h"
#include "core/inject/remap.h"
#include "core/inject/restore.h"
#include "core/plan/explain.h"
#include "core/plan/files.h"
#include "core/plan/plan.h"
#include "core/tracee/pages.h"
#include "core/tracee/proc.h"
#include "core/tracee/tracee.h"
#include "core/tracee/vma_book.h"

/** A tracee whose calls are counted for the caller, also when it fails. */
static snap_err open_target(const struct snap_target *target, struct snap_tracee *ret)
{
	// A scope guard has it already.
	*ret = snap_no_tracee();
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, target->pid, target->fail_at));
	if (target->known)
		SNAP_TRY(snap_known_use(target->known, &tracee));
	if (target->history)
		snap_tracker_use(&target->history->tracker, &tracee);
	*ret = tracee;
	tracee = snap_no_tracee();
	return SNAP_OK;
}

static snap_err count_calls(const struct snap_target *target,
			    const struct snap_tracee *tracee, snap_err error)
{
	if (target->ret_nr_calls)
		*target->ret_nr_calls = tracee->nr_calls;
	return error;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct snap_range *left = a, *right = b;
	return (left->start > right->start) - (left->start < right->start);
}

/** Bytes that no restore may touch. Owned by the caller: free(). */
static snap_err list_skips(const struct snap_target *target,
			   const struct snap_snapshot *snapshot,
			   struct snap_range **ret, size_t *ret_nr)
{
	size_t most = target->nr_patches + snapshot->nr_threads * SNAP_RSEQ_RANGES,
	       nr = 0;
	struct snap_range *skips = calloc(most ? most : 1, sizeof(*skips));
	if (!skips)
		return &snap_enomem;
	for (size_t i = 0; i < target->nr_patches; i++)
		skips[nr++] = (struct snap_range){ target->patches[i].address,
						   target->patches[i].size };
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		nr += snap_rseq_kernel_ranges(&snapshot->threads[i], skips + nr);
	qsort(skips, nr, sizeof(*skips), compare_ranges);
	*ret = skips;
	*ret_nr = nr;
	return SNAP_OK;
}

/** The saved bytes where the debugger has put others. */
static snap_err apply_patches(const struct snap_target *target, struct snap_copy *copy,
			      struct snap_memory *memory)
{
	for (size_t i = 0; i < target->nr_patches; i++)
		SNAP_TRY(snap_copy_overwrite(copy, memory, target->patches[i].address,
					     target->patches[i].original,
					     target->patches[i].size));
	return SNAP_OK;
}

/**
 * What is known of the process, to share what has not changed. NULL: nothing.
 *
 * Bytes that are compared have to be there. Those on their way are waited for, unless
 * the tracker knows what has changed since, also while there is a twin.
 */
static snap_err find_baseline(const struct snap_target *target,
			      const struct snap_snapshot *snapshot,
			      const struct snap_memory **ret)
{
	struct snap_history *history = target->history;
	if (!history)
		return SNAP_OK;
	snap_history_meet(history, &snapshot->identity);
	if (snap_history_is_known(history) && !history->tracker.is_blind_to_shared &&
	    snap_arrivals_are_coming(history->baseline.arrivals)) {
		*ret = &history->baseline;
		return SNAP_OK;
	}
	snap_err error = snap_memory_settle(&history->baseline, &target->progress);
	if (error && error->kind == SNAP_ERROR_INTERRUPTED)
		return error;
	if (error) {
		// What did not come is not known; whoever needs it is told.
		snap_error_destroy(error);
		snap_history_forget(history);
		snap_history_meet(history, &snapshot->identity);
	}
	*ret = history->baseline.map ? &history->baseline : NULL;
	return SNAP_OK;
}

/**
 * The tracker turned out not to know: all is compared with the baseline. If that does
 * not come, with nothing.
 */
static snap_err wait_for_baseline(const struct snap_target *target,
				  const struct snap_memory **baseline)
{
	if (!*baseline)
		return SNAP_OK;
	snap_err error =
		snap_memory_settle(&target->history->baseline, &target->progress);
	if (!error || error->kind == SNAP_ERROR_INTERRUPTED)
		return error;
	snap_error_destroy(error);
	*baseline = NULL;
	return SNAP_OK;
}

/**
 * Begin to count changes anew. The book of mappings is told of what this changes, which
 * is all that has changed since it was opened: in a restore there would be more.
 */
static snap_err mark(const struct snap_target *target, struct snap_tracee *tracee,
		     const struct snap_vmas *vmas, const struct snap_ranges *changed,
		     struct snap_ranges *ret_there)
{
	struct snap_tracker *tracker = &target->history->tracker;
	SNAP_TRY(snap_tracker_mark(tracker, tracee, vmas, changed, ret_there));
	// Soft-dirty bits have a bit of their own in the words, which means nothing.
	uint32_t flag = tracker->rung == SNAP_RUNG_USERFAULTFD ? SNAP_VMA_UFFD : 0;
	return tracee->vma_book ? snap_vma_book_follow(tracee->vma_book, tracee, flag)
				: SNAP_OK;
}

/** Remember where the snapshot is not what the memory is. */
static snap_err note_skips(const struct snap_target *target, struct snap_tracee *tracee,
			   const struct snap_snapshot *snapshot)
{
	_cleanup_free_ struct snap_range *skips = NULL;
	size_t nr;
	SNAP_TRY(list_skips(target, snapshot, &skips, &nr));
	return snap_history_doubt(target->history, tracee, skips, nr);
}

/**
 * Find out what has changed since the baseline, and begin anew. That is before the
 * bytes are read: what is written meanwhile is told of next time.
 *
 * @param ret Empty.
 */
static snap_err find_changes(const struct snap_target *target,
			     struct snap_tracee *tracee,
			     const struct snap_snapshot *snapshot,
			     struct snap_changes *ret)
{
	struct snap_history *history = target->history;
	if (!history)
		return SNAP_OK;
	SNAP_TRY(snap_history_track(history, tracee, snapshot));
	ret->is_known = snap_history_is_known(history);
	_cleanup_ranges_ struct snap_ranges changed = { 0 }, both = { 0 };
	SNAP_TRY(snap_tracker_changed(&history->tracker, tracee, &snapshot->vmas,
				      &tracee->told, &changed));
	_cleanup_error_ snap_err error =
		mark(target, tracee, &snapshot->vmas, &changed, &ret->there);
	if (error)
		// Next time everything is compared; for this save nothing is lost.
		snap_tracker_forget(&history->tracker);
	SNAP_TRY(snap_ranges_unite(&changed, &ret->there, &both));
	SNAP_TRY(snap_ranges_unite(&both, &history->unsure, &ret->changed));
	return note_skips(target, tracee, snapshot);
}

/**
 * The bytes of a debugger and of the kernel are overwritten in the snapshot. Pages with
 * them that are on their way cannot be: have them read.
 */
static snap_err add_skips(const struct snap_target *target,
			  const struct snap_memory *baseline,
			  struct snap_ranges *changed)
{
	if (!baseline || !baseline->arrivals)
		return SNAP_OK;
	_cleanup_ranges_ struct snap_ranges before = *changed;
	*changed = (struct snap_ranges){ 0 };
	return snap_ranges_unite(&before, &target->history->unsure, changed);
}

static uint32_t count_used(const struct snap_memory *memory)
{
	return memory->store ? memory->store->nr_used : 0;
}

static snap_err capture(const struct snap_target *target, struct snap_tracee *tracee,
			struct snap_snapshot *snapshot)
{
	uint32_t nr_used = count_used(&snapshot->memory);
	SNAP_TRY(snap_capture_process(tracee, target->current_tid, snapshot));
	SNAP_TRY(snap_capture_sharing(tracee, target->rewinds_shared, snapshot));
	SNAP_TRY(snap_capture_tags(tracee, snapshot));
	const struct snap_memory *baseline = NULL;
	_cleanup_copy_ struct snap_copy *copy = NULL;
	_cleanup_changes_ struct snap_changes changes = { 0 };
	SNAP_TRY(find_baseline(target, snapshot, &baseline));
	SNAP_TRY(find_changes(target, tracee, snapshot, &changes));
	if (changes.is_known)
		SNAP_TRY(add_skips(target, baseline, &changes.changed));
	else
		SNAP_TRY(wait_for_baseline(target, &baseline));
	SNAP_TRY(snap_freeze(tracee, target->copying, baseline ? 0 : UINT64_MAX,
			     snapshot, &copy));
	SNAP_TRY(snap_capture_memory(tracee, &snapshot->vmas, baseline, &changes, copy,
				     &target->progress, &snapshot->memory));
	SNAP_TRY(apply_patches(target, copy, &snapshot->memory));
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		SNAP_TRY(snap_settle_syscall(tracee, &snapshot->threads[i]));
	SNAP_TRY(snap_rseq_settle(tracee, copy, snapshot));
	uint64_t nr_new = count_used(&snapshot->memory) - nr_used;
	snapshot->new_size = nr_new * SNAP_PAGE_SIZE;
	if (baseline)
		snap_memory_make_spare(&snapshot->memory, nr_new);
	return copy ? snap_copy_start(copy, &snapshot->memory) : SNAP_OK;
}

/**
 * What was marked belongs to a snapshot that is not there; a process of which there is
 * none is not watched.
 */
static snap_err forget_on_error(const struct snap_target *target, snap_err error)
{
	struct snap_history *history = target->history;
	if (!error || !history)
		return error;
	if (history->baseline.map)
		snap_tracker_forget(&history->tracker);
	else
		snap_history_forget(history);
	return error;
}

snap_err snap_session_capture(const struct snap_target *target,
			      struct snap_snapshot **ret)
{
	_cleanup_snapshot_ struct snap_snapshot *snapshot = NULL;
	SNAP_TRY(snap_snapshot_create(&snapshot));
	if (target->history)
		snap_memory_init(&snapshot->memory, target->history->store);
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(open_target(target, &tracee));
	snap_err error = capture(target, &tracee, snapshot);
	SNAP_TRY(count_calls(target, &tracee, forget_on_error(target, error)));
	if (target->history)
		snap_history_set(target->history, snapshot);
	*ret = snap_take(snapshot);
	return SNAP_OK;
}

_must_check_ static snap_err refuse_identity(const char *what)
{
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "the snapshot is of another process: %s", what),
		"a snapshot goes back into the process it was taken of");
}

static snap_err check_identity(const struct snap_identity *image,
			       const struct snap_identity *live)
{
	if (strcmp(image->boot_id, live->boot_id))
		return refuse_identity(
			"the machine was booted since, or is another one");
	if (image->pid != live->pid)
		return refuse_identity("its process number was a different one");
	if (image->start_time != live->start_time)
		return refuse_identity("it was started at a different time");
	if (image->exe_build_id_size != live->exe_build_id_size ||
	    memcmp(image->exe_build_id, live->exe_build_id, image->exe_build_id_size))
		return refuse_identity("its executable had another build-id");
	if (!image->exe_build_id_size && strcmp(image->exe, live->exe))
		return refuse_identity("its executable was another file");
	return SNAP_OK;
}

snap_err snap_session_check_identity(const struct snap_target *target,
				     const struct snap_snapshot *snapshot)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(open_target(target, &tracee));
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	SNAP_TRY(snap_proc_identify(&tracee, live));
	return check_identity(&snapshot->identity, &live->identity);
}

/** What stands in the way of landing: found before anything is touched. */
static snap_err check_landing(struct snap_tracee *tracee,
			      const struct snap_snapshot *snapshot,
			      const struct snap_cpu *cpu)
{
	if (snapshot->arch != tracee->arch)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the snapshot is of a %s, and this is a %s",
					 snapshot->arch->name, tracee->arch->name);
	for (size_t i = 0; i < snapshot->nr_threads; i++)
		SNAP_TRY(tracee->arch->check_thread(cpu, &snapshot->threads[i]));
	return SNAP_OK;
}

/** Its threads are going to make system calls. */
static snap_err check_calls(const struct snap_snapshot *live)
{
	if (!snap_snapshot_is_confined(live))
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_REFUSED,
				  "the process, or a thread of it, is under seccomp, "
				  "which may forbid the system calls of a restore"),
		"run the program without its sandbox");
}

/** A thread's shadow stack is made when it is switched on, which is once. */
static snap_err check_shadow_stacks(const struct snap_snapshot *live,
				    const struct snap_snapshot *snapshot)
{
	const struct snap_arch *arch = snapshot->arch;
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		const struct snap_thread *then = &snapshot->threads[i];
		const struct snap_thread *now = snap_snapshot_thread(live, then->tid);
		bool is_on = now && snap_arch_has_shadow_stack(arch, now);
		if (!now || is_on == snap_arch_has_shadow_stack(arch, then))
			continue;
		return snap_error_with_remedy(
			snap_error_create(
				SNAP_ERROR_REFUSED,
				"thread %d has switched its shadow stack %s "
				"since the snapshot, which its kernel lets it "
				"do once",
				(int)then->tid, is_on ? "on" : "off"),
			"restore a snapshot that was taken afterwards");
	}
	return SNAP_OK;
}

/**
 * The live process, checked, and the plan. `live` and `adapted` outlive the plan.
 */
static snap_err make_plan(const struct snap_target *target, struct snap_tracee *tracee,
			  const struct snap_snapshot *image,
			  const struct snap_restore_options *options,
			  struct snap_snapshot *live, struct snap_adapted *adapted,
			  struct snap_plan *ret)
{
	SNAP_TRY(snap_proc_identify(tracee, live));
	SNAP_TRY(check_identity(&image->identity, &live->identity));
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(snap_machine_recall(tracee->machine, &cpu));
	const struct snap_snapshot *snapshot;
	SNAP_TRY(snap_compat_adapt(image, &cpu, options->fpu_mode, adapted, &snapshot));
	SNAP_TRY(check_landing(tracee, snapshot, &cpu));
	snap_settle_pages();
	SNAP_TRY(snap_capture_process(tracee, target->current_tid, live));
	SNAP_TRY(check_calls(live));
	SNAP_TRY(check_shadow_stacks(live, snapshot));
	SNAP_TRY(snap_capture_sharing(tracee, target->rewinds_shared, live));
	SNAP_TRY(snap_capture_tags(tracee, live));
	live->state.is_new = options->is_new;
	size_t room;
	SNAP_TRY(snap_restore_room(&live->cpu, snapshot, tracee->page_size, &room));
	_cleanup_plan_ struct snap_plan plan = { 0 };
	SNAP_TRY(snap_plan_make(snapshot, live, room, &plan));
	SNAP_TRY(snap_start_validate(tracee, &plan));
	*ret = plan;
	plan = (struct snap_plan){ 0 };
	return SNAP_OK;
}

static size_t count_steps(const struct snap_plan *plan, enum snap_family family)
{
	size_t nr = 0;
	for (size_t i = 0; i < plan->nr_steps; i++)
		nr += snap_step_family(plan->steps[i].kind) == family;
	return nr;
}

/** What is known of the memory of the live process; *ret NULL: nothing. */
static snap_err find_past(const struct snap_target *target, struct snap_tracee *tracee,
			  const struct snap_snapshot *live, struct snap_past *space,
			  const struct snap_past **ret)
{
	struct snap_history *history = target->history;
	*ret = NULL;
	if (!history)
		return SNAP_OK;
	snap_history_meet(history, &live->identity);
	SNAP_TRY(snap_history_check(history, tracee, live));
	*space = (struct snap_past){ &history->tracker, &history->baseline,
				     &history->unsure };
	if (snap_history_is_known(history))
		*ret = space;
	return SNAP_OK;
}

/** Whether all of `inner` lies in `outer`. */
static bool is_within(const struct snap_ranges *inner, const struct snap_ranges *outer)
{
	for (size_t i = 0; i < inner->nr; i++) {
		const struct snap_range *in = &inner->list[i];
		if (!snap_ranges_cover(outer, in->start, in->start + in->size))
			return false;
	}
	return true;
}

/**
 * What was written since the pages were verified counts as changed next time: they were
 * marked then. If they were not verified, they are marked now.
 */
static snap_err try_to_mark(const struct snap_target *target,
			    struct snap_tracee *tracee,
			    const struct snap_snapshot *snapshot,
			    const struct snap_restore_counts *counts)
{
	struct snap_range all = { 0, UINT64_MAX };
	const struct snap_ranges everywhere = { &all, 1 };
	struct snap_tracker *tracker = &target->history->tracker;
	_cleanup_ranges_ struct snap_ranges there = { 0 }, changed = { 0 };
	bool was_marked = tracker->is_marked;
	if (!counts->is_marked)
		SNAP_TRY(snap_tracker_take(tracker, tracee, &snapshot->vmas,
					   &everywhere, &changed, &there));
	bool is_known = is_within(&changed, &counts->candidates) &&
			is_within(counts->is_marked ? &counts->there : &there,
				  &counts->candidates);
	// Written meanwhile by somebody else, and not compared with the snapshot.
	if (was_marked && !is_known)
		snap_tracker_forget(tracker);
	return note_skips(target, tracee, snapshot);
}

/**
 * From here on changes are counted from the snapshot. The restore has succeeded: if
 * this fails, all is compared the next time.
 */
static void mark_again(const struct snap_target *target, struct snap_tracee *tracee,
		       const struct snap_snapshot *snapshot,
		       const struct snap_restore_counts *counts)
{
	if (!target->history || !target->history->is_tracking)
		return;
	_cleanup_error_ snap_err error = try_to_mark(target, tracee, snapshot, counts);
	if (error)
		snap_tracker_forget(&target->history->tracker);
}

/**
 * With all threads there.
 *
 * @param ret_is_committed Whether there was no way back any more; also on an error.
 */
static snap_err restore_all(const struct snap_target *target,
			    struct snap_tracee *tracee,
			    const struct snap_snapshot *snapshot,
			    const struct snap_restore_options *options,
			    const struct snap_plan *plan, bool *ret_is_committed,
			    struct snap_restore_report *ret)
{
	SNAP_TRY(snap_remap_validate(tracee, plan));
	SNAP_TRY(snap_folder_validate(tracee, plan));
	SNAP_TRY(snap_files_validate(tracee, plan));
	_cleanup_notes_ struct snap_notes notes = { 0 };
	for (size_t i = 0; i < plan->losses.nr; i++)
		SNAP_TRY(snap_notes_add(&notes, "%s", plan->losses.list[i]));
	if (!options->is_new)
		SNAP_TRY(snap_note_files(plan, &notes));
	_cleanup_free_ struct snap_range *skips = NULL;
	size_t nr_skips;
	SNAP_TRY(list_skips(target, snapshot, &skips, &nr_skips));
	_cleanup_counts_ struct snap_restore_counts counts = { 0 };
	struct snap_past space;
	const struct snap_past *past;
	SNAP_TRY(find_past(target, tracee, plan->live, &space, &past));
	snap_err error = snap_restore_execute(tracee, plan, past, skips, nr_skips,
					      options->verify_memory, &target->progress,
					      &notes, &counts);
	*ret_is_committed = counts.is_committed;
	SNAP_TRY(error);
	mark_again(target, tracee, snapshot, &counts);
	*ret = (struct snap_restore_report){
		.bytes_compared = counts.bytes_compared,
		.bytes_written = counts.bytes_written,
		.nr_threads = snapshot->nr_threads,
		.nr_landed = counts.nr_landed,
		.nr_mapping_steps = count_steps(plan, SNAP_FAMILY_MAPPINGS),
		.notes = notes,
	};
	notes = (struct snap_notes){ 0 };
	return SNAP_OK;
}

/** The process has other threads than when the first plan was made. */
static snap_err restore_anew(const struct snap_target *target,
			     struct snap_tracee *tracee,
			     const struct snap_snapshot *snapshot,
			     const struct snap_restore_options *options,
			     bool *ret_is_committed, struct snap_restore_report *ret)
{
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	_cleanup_plan_ struct snap_plan plan = { 0 };
	_cleanup_adapted_ struct snap_adapted adapted = { 0 };
	SNAP_TRY(make_plan(target, tracee, snapshot, options, live, &adapted, &plan));
	if (snap_has_threads_to_start(&plan))
		return snap_error_create(
			SNAP_ERROR_MISMATCH,
			"a thread that was started again has ended at once");
	return restore_all(target, tracee, snapshot, options, &plan, ret_is_committed,
			   ret);
}

static snap_err restore(const struct snap_target *target, struct snap_tracee *tracee,
			const struct snap_snapshot *snapshot,
			const struct snap_restore_options *options,
			struct snap_restore_report *ret)
{
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	_cleanup_plan_ struct snap_plan plan = { 0 };
	_cleanup_adapted_ struct snap_adapted adapted = { 0 };
	SNAP_TRY(make_plan(target, tracee, snapshot, options, live, &adapted, &plan));
	bool is_committed = false;
	if (!snap_has_threads_to_start(&plan))
		return restore_all(target, tracee, snapshot, options, &plan,
				   &is_committed, ret);
	if (!target->runner.run)
		return snap_error_create(
			SNAP_ERROR_REFUSED,
			"threads have ended since the snapshot, and whoever traces the "
			"process cannot start them again");
	SNAP_TRY(snap_remap_validate(tracee, &plan));
	SNAP_TRY(snap_files_validate(tracee, &plan));
	SNAP_TRY(snap_folder_validate(tracee, &plan));
	SNAP_TRY(snap_start_threads(tracee, &plan, &target->runner));
	snap_err error =
		restore_anew(target, tracee, snapshot, options, &is_committed, ret);
	return error && !is_committed ? snap_unstart_threads(tracee, &plan, error)
				      : error;
}

snap_err snap_session_restore(const struct snap_target *target,
			      const struct snap_snapshot *snapshot,
			      const struct snap_restore_options *options,
			      struct snap_restore_report *ret)
{
	// A new process gets from the image what is still there.
	if (!options->is_new || !snap_unread_of(&snapshot->memory))
		SNAP_TRY(snap_memory_check_settled(&snapshot->memory));
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(open_target(target, &tracee));
	snap_err error = restore(target, &tracee, snapshot, options, ret);
	SNAP_TRY(count_calls(target, &tracee, forget_on_error(target, error)));
	if (target->history)
		snap_history_set(target->history, snapshot);
	snap_memory_make_spare(&snapshot->memory, ret->bytes_written / SNAP_PAGE_SIZE);
	return SNAP_OK;
}

snap_err snap_session_explain(const struct snap_target *target,
			      const struct snap_snapshot *snapshot,
			      enum snap_compat_mode fpu_mode, struct snap_buffer *ret)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(open_target(target, &tracee));
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	_cleanup_plan_ struct snap_plan plan = { 0 };
	_cleanup_adapted_ struct snap_adapted adapted = { 0 };
	const struct snap_restore_options options = { .fpu_mode = fpu_mode };
	SNAP_TRY(make_plan(target, &tracee, snapshot, &options, live, &adapted, &plan));
	return snap_plan_explain(&plan, ret);
}
