#include "core/inject/land.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	borrowed->tracee->arch->compare(cpu, wanted, now, note, ret);
	return SNAP_OK;
}

/** Write the sets whose bytes differ; the kernel decides what it takes of them. */
static snap_err patch(struct snap_borrowed *borrowed, const struct snap_thread *wanted,
		      const struct snap_thread *now)
{
	const struct snap_arch *arch = borrowed->tracee->arch;
	for (size_t i = arch->nr_regsets; i-- > 0;) {
		const struct snap_regset *want = &wanted->regsets[i];
		const struct snap_regset *is = &now->regsets[i];
		if (!want->size || want->size != is->size ||
		    !arch->regsets[i].is_writable || arch->regsets[i].is_shadowed ||
		    !memcmp(want->data, is->data, is->size))
			continue;
		SNAP_TRY(snap_tracee_write_regset(borrowed->tracee, wanted->tid, i,
						  want->data, want->size));
	}
	return SNAP_OK;
}

static snap_err verify(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
		       const struct snap_thread *wanted)
{
	_cleanup_thread_ struct snap_thread now = { 0 };
	struct findings findings;
	SNAP_TRY(compare(borrowed, cpu, wanted, &now, &findings));
	if (!findings.nr)
		return SNAP_OK;
	SNAP_TRY(patch(borrowed, wanted, &now));
	SNAP_TRY(compare(borrowed, cpu, wanted, &now, &findings));
	if (!findings.nr)
		return SNAP_OK;
	return snap_error_create(
		SNAP_ERROR_MISMATCH,
		"the registers of thread %d are not what was written: %s",
		(int)wanted->tid, findings.text);
}

snap_err snap_land(struct snap_borrowed *borrowed, const struct snap_cpu *cpu,
		   const struct snap_thread *wanted, uint64_t frame)
{
	struct snap_tracee *tracee = borrowed->tracee;
	_cleanup_buffer_ struct snap_buffer bytes = { 0 };
	SNAP_TRY(tracee->arch->sigframe_encode(cpu, wanted, frame, &bytes));
	SNAP_TRY(snap_tracee_write(tracee, frame, bytes.data, bytes.size));
	SNAP_TRY(snap_borrowed_sigreturn(borrowed, &wanted->regsets[0], frame));
	return verify(borrowed, cpu, wanted);
}

/**
 * A thread that was interrupted in a system call goes back into it: what a signal
 * handler does to the call is for the kernel to decide, when the debugger has said
 * which signal it gets.
 */
static snap_err reenter(struct snap_borrowed *borrowed,
			const struct snap_thread *wanted)
{
	if (!wanted->interrupted_result)
		return SNAP_OK;
	SNAP_TRY(snap_borrowed_allow_restart(borrowed));
	_cleanup_thread_ struct snap_thread copy = { .tid = wanted->tid };
	const struct snap_regset *general = &wanted->regsets[0];
	SNAP_TRY(snap_thread_set_regset(&copy, 0, general->data, general->size));
	borrowed->tracee->arch->reenter_syscall(copy.regsets[0].data, wanted);
	return snap_tracee_write_regset(borrowed->tracee, wanted->tid, 0,
					copy.regsets[0].data, general->size);
}

snap_err snap_land_finish(struct snap_borrowed *borrowed,
			  const struct snap_thread *wanted)
{
	struct snap_tracee *tracee = borrowed->tracee;
	SNAP_TRY(reenter(borrowed, wanted));
	if (borrowed->dispatch.mode)
		SNAP_TRY(snap_tracee_write_user_dispatch(tracee, wanted->tid,
							 &borrowed->dispatch));
	SNAP_TRY(snap_rearm(tracee, wanted->tid, wanted->sigmask,
			    snap_thread_has(wanted, SNAP_THREAD_SIGINFO)
				    ? wanted->siginfo
				    : NULL));
	struct snap_stops due = snap_stops_debuggers(&borrowed->stops);
	return snap_stops_send(tracee, wanted->tid,
			       wanted->pending.is_captured ? &due : &borrowed->stops);
}
