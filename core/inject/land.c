// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/land.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/capture/syscall.h"
#include "core/inject/rearm.h"
#include "core/tracee/memory.h"
#include "core/tracee/registers.h"

/** What a comparison has found, in words, as long as there is room for them. */
struct findings {
	size_t nr;
	char text[256];
};

static void note(void *context, const struct snap_difference *difference)
{
	struct findings *findings = context;
	size_t length = strlen(findings->text);
	char *end = findings->text + length;
	size_t room = sizeof(findings->text) - length;
	const char *comma = findings->nr++ ? ", " : "";
	if (difference->is_number)
		snprintf(end, room, "%s%s is %#" PRIx64 " instead of %#" PRIx64, comma,
			 difference->what, difference->actual, difference->expected);
	else
		snprintf(end, room, "%s%s", comma, difference->what);
}

/** Read all sets back and compare them. */
static snap_err compare(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
			const struct snap_thread *wanted, struct snap_thread *now,
			struct findings *ret)
{
	*ret = (struct findings){ 0 };
	now->tid = wanted->tid;
	SNAP_TRY(snap_tracee_read_regsets(borrowed->tracee, now));
	snap_arch_compare(borrowed->tracee->arch, cpu, wanted, now, note, ret);
	return SNAP_OK;
}

static bool is_before_frame(const struct snap_regset_desc *desc)
{
	return desc->is_before_frame;
}

static snap_err verify(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
		       const struct snap_thread *wanted)
{
	_cleanup_thread_ struct snap_thread now = { 0 };
	struct findings findings;
	SNAP_TRY(compare(borrowed, cpu, wanted, &now, &findings));
	if (!findings.nr)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_write_regsets(borrowed->tracee, wanted, NULL));
	SNAP_TRY(compare(borrowed, cpu, wanted, &now, &findings));
	if (!findings.nr)
		return SNAP_OK;
	return snap_error_create(
		SNAP_ERROR_MISMATCH,
		"the registers of thread %d are not what was written: %s",
		(int)wanted->tid, findings.text);
}

/** What the frame's end would take from it is not there. verify() switches it on. */
static snap_err switch_shadow_stack_off(struct snap_tracee *tracee, pid_t tid)
{
	size_t index = tracee->arch->shadow_stack_regset;
	_cleanup_thread_ struct snap_thread now = { .tid = tid };
	if (!index)
		return SNAP_OK;
	SNAP_TRY(snap_tracee_read_regset(tracee, index, &now));
	if (!snap_arch_has_shadow_stack(tracee->arch, &now))
		return SNAP_OK;
	struct snap_regset *set = &now.regsets[index];
	memset(set->data, 0, sizeof(uint64_t));
	return snap_tracee_write_regset(tracee, tid, index, set->data, set->size);
}

snap_err snap_land(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
		   const struct snap_thread *wanted, uint64_t frame)
{
	struct snap_tracee *tracee = borrowed->tracee;
	_cleanup_buffer_ struct snap_buffer bytes = { 0 };
	SNAP_TRY(tracee->arch->sigframe_encode(cpu, wanted, frame, &bytes));
	SNAP_TRY(snap_tracee_write(tracee, frame, bytes.data, bytes.size));
	if (!tracee->arch->needs_sets_first || tracee->arch->needs_sets_first(wanted))
		SNAP_TRY(snap_tracee_write_regsets(tracee, wanted, is_before_frame));
	SNAP_TRY(switch_shadow_stack_off(tracee, wanted->tid));
	SNAP_TRY(snap_borrowed_sigreturn(borrowed, &wanted->regsets[0], frame));
	return verify(borrowed, cpu, wanted);
}

/** Of include/linux/errno.h: seen by tracers only. */
#define ERESTART_RESTARTBLOCK 516

static bool is_same_altstack(const struct snap_thread *a, const struct snap_thread *b)
{
	return snap_thread_has(a, SNAP_THREAD_ALTSTACK) &&
	       snap_thread_has(b, SNAP_THREAD_ALTSTACK) &&
	       a->altstack.sp == b->altstack.sp &&
	       a->altstack.size == b->altstack.size &&
	       a->altstack.flags == b->altstack.flags;
}

/** Whether the system call that a thread is in has state that a frame would drop. */
static bool has_restart_block(const struct snap_arch *arch,
			      const struct snap_thread *thread)
{
	const uint8_t *regs = thread->regsets[0].data;
	return arch->syscall_number(regs) >= 0 &&
	       arch->syscall_result(regs) == -ERESTART_RESTARTBLOCK;
}

snap_err snap_land_is_needed(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
			     const struct snap_thread *wanted,
			     const struct snap_thread *live, bool *ret)
{
	struct snap_tracee *tracee = borrowed->tracee;
	const uint32_t needed = SNAP_THREAD_SIGINFO | SNAP_THREAD_SIGMASK;
	*ret = true;
	if (borrowed->has_run || tracee->arch->rewinds_early ||
	    (live->members & wanted->members & needed) != needed ||
	    !is_same_altstack(live, wanted))
		return SNAP_OK;
	_cleanup_thread_ struct snap_thread now = {
		.tid = wanted->tid,
		.interrupted_syscall = -1,
	};
	SNAP_TRY(snap_tracee_read_regsets(tracee, &now));
	if (has_restart_block(tracee->arch, &now))
		return SNAP_OK;
	// What is wanted stands before its system call, as it was saved.
	SNAP_TRY(snap_settle_syscall(tracee, &now));
	struct findings findings = { 0 };
	snap_arch_compare(tracee->arch, cpu, wanted, &now, note, &findings);
	*ret = findings.nr || now.interrupted_syscall != wanted->interrupted_syscall ||
	       now.interrupted_result != wanted->interrupted_result;
	return SNAP_OK;
}

/** A SIGSTOP that is on its way from the debugger stays so. */
static snap_err send_stops(struct snap_borrowed *borrowed,
			   const struct snap_thread *wanted)
{
	struct snap_stops due = snap_stops_debuggers(&borrowed->stops);
	return snap_stops_send(borrowed->tracee, wanted->tid,
			       wanted->pending.is_captured ? &due : &borrowed->stops);
}

snap_err snap_land_stay(struct snap_borrowed *borrowed,
			const struct snap_thread *wanted)
{
	struct snap_tracee *tracee = borrowed->tracee;
	if (borrowed->dispatch.mode)
		SNAP_TRY(snap_tracee_write_user_dispatch(tracee, wanted->tid,
							 &borrowed->dispatch));
	SNAP_TRY(snap_tracee_write_siginfo(tracee, wanted->tid, wanted->siginfo));
	SNAP_TRY(snap_tracee_write_sigmask(tracee, wanted->tid, wanted->sigmask));
	return send_stops(borrowed, wanted);
}

snap_err snap_land_finish(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
			  const struct snap_thread *wanted)
{
	struct snap_tracee *tracee = borrowed->tracee;
	SNAP_TRY(snap_borrowed_reenter(borrowed, wanted));
	if (borrowed->dispatch.mode)
		SNAP_TRY(snap_tracee_write_user_dispatch(tracee, wanted->tid,
							 &borrowed->dispatch));
	SNAP_TRY(snap_rearm(tracee, wanted->tid, wanted->sigmask,
			    snap_thread_has(wanted, SNAP_THREAD_SIGINFO)
				    ? wanted->siginfo
				    : NULL));
	// What the calls since the landing have changed, and what can only be had here.
	if (tracee->arch->rewinds_early)
		SNAP_TRY(verify(borrowed, cpu, wanted));
	return send_stops(borrowed, wanted);
}
