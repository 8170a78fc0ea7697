// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/revive.h"

#include <string.h>

#include "arch/machine.h"
#include "core/compat/adapt.h"
#include "core/inject/files.h"
#include "core/plan/revival_empty.h"
#include "core/session/surroundings.h"
#include "core/tracee/tracee.h"
#include "core/unwind/unwind.h"

/** Every question is asked, whatever the answer to the one before was. */
struct checking {
	/** We ourselves: what we see, a new process of ours sees. */
	struct snap_tracee *tracee;
	struct snap_snapshot *image;
	enum snap_compat_mode fpu_mode;
	const struct snap_known_surroundings *known;
	const struct snap_progress *progress;
	struct snap_notes *problems;
};

/** A refusal is a problem; anything else is an error. Consumed. */
static snap_err note(const struct checking *checking, snap_err error)
{
	if (!error || (error->kind != SNAP_ERROR_REFUSED &&
		       error->kind != SNAP_ERROR_UNSUPPORTED))
		return error;
	_cleanup_error_ snap_err known = error;
	return known->remedy ? snap_notes_add(checking->problems, "%s: %s",
					      known->message, known->remedy)
			     : snap_notes_add(checking->problems, "%s", known->message);
}

/** A process can only be given back what it has: its kernel does not make another. */
_must_check_ static snap_err check_shadow_stack(const struct snap_snapshot *image,
						const struct snap_thread *thread)
{
	if (!snap_arch_has_shadow_stack(image->arch, thread))
		return SNAP_OK;
	return snap_error_with_remedy(
		snap_error_create(SNAP_ERROR_UNSUPPORTED,
				  "thread %d has a shadow stack, which a new process "
				  "cannot be given",
				  (int)thread->tid),
		"run the program without one before it is saved: see GLIBC_TUNABLES in "
		"the manual of the C library");
}

static snap_err check_cpu(const struct checking *checking)
{
	const struct snap_snapshot *image = checking->image;
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(snap_machine_describe(&cpu));
	if (image->arch != checking->tracee->arch)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the snapshot is of a %s, and this is a %s",
					 image->arch->name,
					 checking->tracee->arch->name);
	_cleanup_adapted_ struct snap_adapted adapted = { 0 };
	const struct snap_snapshot *snapshot;
	SNAP_TRY(snap_compat_adapt(image, &cpu, checking->fpu_mode, &adapted,
				   &snapshot));
	for (size_t i = 0; i < snapshot->nr_threads; i++) {
		SNAP_TRY(note(checking,
			      image->arch->check_thread(&cpu, &snapshot->threads[i])));
		SNAP_TRY(note(checking,
			      check_shadow_stack(image, &snapshot->threads[i])));
	}
	return SNAP_OK;
}

/** Where a thread goes on, and those that it was called from. */
static snap_err check_frames(const struct checking *checking,
			     const struct snap_backtrace *backtraces)
{
	const struct snap_snapshot *image = checking->image;
	for (size_t i = 0; i < image->nr_threads; i++)
		for (size_t j = 0; j < backtraces[i].nr_frames; j++)
			SNAP_TRY(note(checking,
				      snap_check_old_vdso(image, &image->threads[i],
							  backtraces[i].frames[j].pc)));
	return SNAP_OK;
}

static snap_err check_kernel(const struct checking *checking)
{
	struct snap_snapshot *image = checking->image;
	if (image->page_size != checking->tracee->page_size)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the snapshot is of a machine with pages of "
					 "another size");
	if (!checking->known->surroundings.vdso)
		return SNAP_OK;
	struct snap_backtrace *backtraces;
	SNAP_TRY(snap_memory_settle(&image->memory, checking->progress));
	SNAP_TRY(snap_unwind_snapshot(image, &backtraces));
	snap_err error = check_frames(checking, backtraces);
	snap_backtraces_destroy(backtraces, image->nr_threads);
	return error;
}

static const char remedy[] =
	"put the build of the snapshot back, name its folder in GDB's 'set sysroot' or "
	"'set solib-search-path', or write the image by 'snapshot export "
	"-self-contained'";

/** Each file once: its mappings follow each other. */
static snap_err check_mapped_files(const struct checking *checking)
{
	const struct snap_vmas *vmas = &checking->image->vmas;
	const struct snap_mapped_files *files = &checking->known->mapped;
	const char *last = "";
	for (size_t i = 0; i < vmas->nr; i++) {
		const struct snap_vma *vma = &vmas->list[i];
		if (files->fits[i] == SNAP_FILE_FITS || !strcmp(vma->name, last) ||
		    snap_is_whole(checking->image, vma))
			continue;
		last = vma->name;
		SNAP_TRY(note(checking,
			      snap_refuse_mapped_file(vma, files->fits[i], remedy)));
	}
	return SNAP_OK;
}

static snap_err check_sandbox(const struct checking *checking)
{
	if (!snap_snapshot_is_confined(checking->image))
		return SNAP_OK;
	return snap_error_create(
		SNAP_ERROR_REFUSED,
		"the program was under seccomp, and its filters are not in the "
		"snapshot");
}

/** What a process without anything would have to be given. */
static snap_err check_plan(const struct checking *checking)
{
	const struct snap_snapshot *image = checking->image;
	_cleanup_snapshot_ struct snap_snapshot *empty = NULL;
	SNAP_TRY(snap_make_empty(image, !checking->known->surroundings.vdso, &empty));
	_cleanup_notes_ struct snap_notes ignored = { 0 };
	_cleanup_revived_ struct snap_revived revived = { 0 };
	_cleanup_plan_ struct snap_plan plan = { 0 };
	SNAP_TRY(snap_revive_image(image, empty, &checking->known->surroundings,
				   &ignored, &revived));
	SNAP_TRY(snap_plan_compare(&revived.snapshot, empty, &plan));
	for (size_t i = 0; i < plan.nr_refusals; i++)
		SNAP_TRY(snap_notes_add(checking->problems, "%s", plan.refusals[i]));
	for (size_t i = 0; i < plan.nr_steps; i++)
		SNAP_TRY(note(checking,
			      snap_check_made_file(checking->tracee, &plan.steps[i])));
	return SNAP_OK;
}

snap_err snap_session_check_revival(struct snap_snapshot *snapshot,
				    const struct snap_search *search,
				    enum snap_compat_mode fpu_mode,
				    const struct snap_progress *progress,
				    struct snap_notes *problems)
{
	static snap_err (*const questions[])(const struct checking *checking) = {
		check_cpu, check_kernel, check_mapped_files, check_sandbox, check_plan,
	};
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, getpid(), 0));
	_cleanup_surroundings_ struct snap_known_surroundings known = { 0 };
	SNAP_TRY(snap_look_around(&tracee, snapshot, search, &known));
	const struct checking checking = {
		.tracee = &tracee,
		.image = snapshot,
		.fpu_mode = fpu_mode,
		.known = &known,
		.progress = progress,
		.problems = problems,
	};
	for (size_t i = 0; i < SNAP_ARRAY_SIZE(questions); i++)
		SNAP_TRY(note(&checking, questions[i](&checking)));
	return SNAP_OK;
}
