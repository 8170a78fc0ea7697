// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/revive.h"

#include <string.h>
#include <unistd.h>

#include "core/capture/process.h"
#include "core/inject/start.h"
#include "core/inject/vacate.h"
#include "core/plan/kernels.h"
#include "core/plan/revival.h"
#include "core/session/surroundings.h"
#include "core/tracee/memory.h"
#include "core/tracee/proc.h"
#include "core/tracee/tracee.h"

/** A new process on its way. */
struct reviving {
	const struct snap_target *target;
	struct snap_tracee *tracee;
	const struct snap_snapshot *image;
	const struct snap_search *search;
	struct snap_notes *notes;
	pid_t *ret_tids;
};

static snap_err capture(const struct reviving *reviving, struct snap_snapshot **ret)
{
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	SNAP_TRY(snap_capture_process(reviving->tracee, 0, live));
	*ret = snap_take(live);
	return SNAP_OK;
}

/** Each gets the number that it had where the process may choose, and it is free. */
static snap_err plan_start(const struct reviving *reviving, struct snap_plan *plan)
{
	struct snap_tracee *tracee = reviving->tracee;
	struct snap_proc_status status;
	SNAP_TRY(snap_proc_read_status(tracee, tracee->pid, &status));
	bool may_choose = status.may_choose_tids && status.pid_depth == 1;
	for (size_t i = 1; i < reviving->image->nr_threads; i++) {
		const struct snap_thread *thread = &reviving->image->threads[i];
		SNAP_TRY(snap_plan_add(plan,
				       &(struct snap_step){
					       .kind = SNAP_STEP_START_THREAD,
					       .tid = thread->tid,
					       .number = may_choose
								 ? SNAP_TID_IS_PREFERRED
								 : SNAP_TID_IS_ANY,
					       .wanted = thread,
				       }));
	}
	return SNAP_OK;
}

/** While there is still a program for a debugger to set its breakpoints in. */
static snap_err start_threads(const struct reviving *reviving,
			      const struct snap_snapshot *live)
{
	_cleanup_plan_ struct snap_plan plan = {
		.image = reviving->image,
		.live = live,
	};
	if (!reviving->target->runner.run)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the snapshot has threads, and whoever traces "
					 "the process cannot start any");
	SNAP_TRY(plan_start(reviving, &plan));
	return snap_start_threads(reviving->tracee, &plan, &reviving->target->runner);
}

static snap_err check(const struct reviving *reviving, const struct snap_snapshot *live)
{
	if (live->nr_threads != 1 || live->arch != reviving->image->arch)
		return snap_error_create(
			SNAP_ERROR_INVALID,
			"process %d is none that a snapshot can be brought to life in",
			(int)reviving->tracee->pid);
	return SNAP_OK;
}

/** Start threads, and give up all that the program has. */
static snap_err prepare(const struct reviving *reviving)
{
	_cleanup_snapshot_ struct snap_snapshot *first = NULL, *full = NULL;
	SNAP_TRY(capture(reviving, &first));
	SNAP_TRY(check(reviving, first));
	if (reviving->image->nr_threads < 2)
		return snap_vacate(reviving->tracee, reviving->image, first);
	SNAP_TRY(start_threads(reviving, first));
	SNAP_TRY(capture(reviving, &full));
	return snap_vacate(reviving->tracee, reviving->image, full);
}

/**
 * glibc keeps a thread's number where the kernel clears it when the thread ends
 * (nptl/allocatestack.c, sysdeps/unix/sysv/linux/fork.h): there it has the new one.
 */
static snap_err renumber(const struct reviving *reviving,
			 const struct snap_revived *revived)
{
	for (size_t i = 0; i < reviving->image->nr_threads; i++) {
		const struct snap_thread *was = &reviving->image->threads[i];
		pid_t tid = revived->snapshot.threads[i].tid;
		uint32_t word;
		reviving->ret_tids[i] = tid;
		if (tid == was->tid || !was->tid_address)
			continue;
		SNAP_TRY(snap_tracee_read(reviving->tracee, was->tid_address, &word,
					  sizeof(word)));
		if (word == (uint32_t)was->tid)
			SNAP_TRY(snap_tracee_write(reviving->tracee, was->tid_address,
						   &tid, sizeof(tid)));
	}
	return SNAP_OK;
}

static snap_err tell_of_numbers(const struct reviving *reviving,
				const struct snap_revived *revived)
{
	const struct snap_snapshot *image = reviving->image;
	size_t nr = 0;
	for (size_t i = 1; i < image->nr_threads; i++)
		nr += image->threads[i].tid != revived->snapshot.threads[i].tid;
	if (image->identity.pid != reviving->tracee->pid)
		SNAP_TRY(snap_notes_add(
			reviving->notes,
			"The process has number %d, and not %d: what the program has "
			"noted of it is wrong.",
			(int)reviving->tracee->pid, (int)image->identity.pid));
	if (nr)
		SNAP_TRY(snap_notes_add(
			reviving->notes,
			"%zu of %zu threads got another number; the C library knows it, "
			"but a lock that is held may name its owner by the old one.",
			nr, image->nr_threads));
	return SNAP_OK;
}

/** In the terms of the new process a snapshot is put back like any other. */
static snap_err restore(const struct reviving *reviving,
			const struct snap_restore_options *options,
			struct snap_restore_report *ret)
{
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(capture(reviving, &live));
	_cleanup_surroundings_ struct snap_known_surroundings known = { 0 };
	SNAP_TRY(snap_look_around(reviving->tracee, reviving->image, reviving->search,
				  &known));
	_cleanup_revived_ struct snap_revived revived = { 0 };
	SNAP_TRY(snap_revive_image(reviving->image, live, &known.surroundings,
				   reviving->notes, &revived));
	struct snap_target target = *reviving->target;
	uint64_t made = reviving->tracee->nr_calls, nr_calls = 0;
	target.history = NULL;
	target.patches = NULL;
	target.nr_patches = 0;
	target.current_tid = 0;
	target.fail_at = target.fail_at > made ? target.fail_at - made : 0;
	target.ret_nr_calls = &nr_calls;
	struct snap_restore_options new = *options;
	new.is_new = true;
	snap_err error = snap_session_restore(&target, &revived.snapshot, &new, ret);
	reviving->tracee->nr_calls += nr_calls;
	SNAP_TRY(error);
	SNAP_TRY(tell_of_numbers(reviving, &revived));
	return renumber(reviving, &revived);
}

static snap_err revive(const struct reviving *reviving,
		       const struct snap_restore_options *options,
		       struct snap_restore_report *ret)
{
	SNAP_TRY(prepare(reviving));
	struct snap_restore_report report = { 0 };
	snap_err error = restore(reviving, options, &report);
	for (size_t i = 0; i < report.notes.nr && !error; i++)
		error = snap_notes_add(reviving->notes, "%s", report.notes.list[i]);
	snap_notes_deinit(&report.notes);
	*ret = report;
	return error;
}

snap_err snap_session_revive(const struct snap_target *target,
			     const struct snap_snapshot *snapshot,
			     const struct snap_restore_options *options,
			     const struct snap_search *search, pid_t *ret_tids,
			     struct snap_restore_report *ret)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, target->pid, target->fail_at));
	_cleanup_notes_ struct snap_notes notes = { 0 };
	const struct reviving reviving = {
		.target = target,
		.tracee = &tracee,
		.image = snapshot,
		.search = search,
		.notes = &notes,
		.ret_tids = ret_tids,
	};
	struct snap_restore_report report = { 0 };
	snap_err error = revive(&reviving, options, &report);
	if (target->ret_nr_calls)
		*target->ret_nr_calls = tracee.nr_calls;
	SNAP_TRY(error);
	*ret = report;
	ret->notes = notes;
	notes = (struct snap_notes){ 0 };
	return SNAP_OK;
}

snap_err snap_session_find_program(const struct snap_snapshot *snapshot,
				   const struct snap_search *search, char **ret)
{
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, getpid(), 0));
	_cleanup_(snap_mapped_files_deinit) struct snap_mapped_files files = { 0 };
	SNAP_TRY(snap_find_mapped_files(&tracee, snapshot, search, &files));
	*ret = NULL;
	for (size_t i = 0; i < files.nr && !*ret; i++)
		if (!strcmp(snapshot->vmas.list[i].name, snapshot->identity.exe)) {
			*ret = files.list[i].path;
			files.list[i].path = NULL;
		}
	return SNAP_OK;
}
