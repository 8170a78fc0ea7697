// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/land.h"

#include "arch/machine.h"
#include "core/capture/process.h"
#include "core/capture/syscall.h"
#include "core/compat/adapt.h"
#include "core/inject/land.h"
#include "core/inject/syscall_insn.h"

/** Its registers are those that computations use. */
static bool is_for_computing(const struct snap_arch *arch, size_t regset)
{
	for (size_t i = 0; i < arch->nr_registers; i++) {
		const struct snap_register_desc *desc = &arch->registers[i];
		if (desc->pieces[0].size && desc->pieces[0].regset == regset &&
		    (desc->group == SNAP_GROUP_FLOAT ||
		     desc->group == SNAP_GROUP_VECTOR))
			return true;
	}
	return false;
}

/** The live thread, in a form that can be landed, with the registers of the other. */
static snap_err make_wanted(struct snap_tracee *tracee, const struct snap_thread *live,
			    const struct snap_thread *saved, struct snap_thread *ret)
{
	_cleanup_thread_ struct snap_thread wanted = { 0 };
	SNAP_TRY(snap_thread_copy(live, &wanted));
	SNAP_TRY(snap_settle_syscall(tracee, &wanted));
	for (size_t i = 1; i < tracee->arch->nr_regsets; i++) {
		const struct snap_regset *set = &saved->regsets[i];
		if (is_for_computing(tracee->arch, i))
			SNAP_TRY(snap_thread_set_regset(&wanted, i, set->data,
							set->size));
	}
	*ret = wanted;
	wanted = (struct snap_thread){ 0 };
	return SNAP_OK;
}

/** Where a frame of the kernel's would lie, too: below the stack. */
static snap_err land(struct snap_tracee *tracee, const struct snap_snapshot *live,
		     const struct snap_thread *wanted)
{
	const struct snap_arch *arch = tracee->arch;
	size_t size;
	SNAP_TRY(arch->sigframe_size(&live->cpu, wanted, &size));
	uint64_t frame = (arch->sp(wanted) - arch->red_zone - size) & ~UINT64_C(63);
	uint64_t insn;
	SNAP_TRY(snap_find_syscall_insn(tracee, &live->vmas, &insn));
	_cleanup_borrowed_ struct snap_borrowed borrowed = { 0 };
	SNAP_TRY(snap_borrow(tracee, wanted->tid, insn, live, &borrowed));
	SNAP_TRY(snap_land(&borrowed, &live->cpu, wanted, frame));
	SNAP_TRY(snap_land_finish(&borrowed, &live->cpu, wanted));
	snap_borrowed_keep(&borrowed);
	return SNAP_OK;
}

_must_check_ static snap_err no_thread(pid_t tid)
{
	return snap_error_create(SNAP_ERROR_INVALID, "there is no thread %d", (int)tid);
}

/** @param image Of this machine's layout. */
static snap_err land_from(struct snap_tracee *tracee, const struct snap_target *target,
			  const struct snap_snapshot *image, pid_t saved_tid)
{
	if (image->arch != tracee->arch)
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the snapshot is of a %s, and this is a %s",
					 image->arch->name, tracee->arch->name);
	_cleanup_snapshot_ struct snap_snapshot *live = NULL;
	SNAP_TRY(snap_snapshot_create(&live));
	SNAP_TRY(snap_capture_process(tracee, target->current_tid, live));
	if (snap_snapshot_is_confined(live))
		return snap_error_create(SNAP_ERROR_REFUSED,
					 "the process, or a thread of it, is under "
					 "seccomp, which may forbid the system call "
					 "that loads registers");
	const struct snap_thread *thread =
		snap_snapshot_thread(live, live->current_tid);
	const struct snap_thread *saved = snap_snapshot_thread(image, saved_tid);
	if (!thread || !saved)
		return no_thread(saved ? target->current_tid : saved_tid);
	_cleanup_thread_ struct snap_thread wanted = { 0 };
	SNAP_TRY(make_wanted(tracee, thread, saved, &wanted));
	SNAP_TRY(tracee->arch->check_thread(&live->cpu, &wanted));
	return land(tracee, live, &wanted);
}

snap_err snap_session_land(const struct snap_target *target,
			   const struct snap_snapshot *snapshot, pid_t saved_tid,
			   enum snap_compat_mode fpu_mode)
{
	_cleanup_cpu_ struct snap_cpu cpu = { 0 };
	SNAP_TRY(snap_machine_describe(&cpu));
	_cleanup_adapted_ struct snap_adapted adapted = { 0 };
	const struct snap_snapshot *image;
	SNAP_TRY(snap_compat_adapt(snapshot, &cpu, fpu_mode, &adapted, &image));
	_cleanup_tracee_ struct snap_tracee tracee;
	SNAP_TRY(snap_tracee_init(&tracee, target->pid, target->fail_at));
	return land_from(&tracee, target, image, saved_tid);
}
