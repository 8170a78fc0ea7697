// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inject/altstack.h"

#include <signal.h>

#include "core/inject/restorer.h"
#include "core/tracee/memory.h"

/** stack_t of every 64-bit Linux (include/uapi/asm-generic/signal.h). */
struct stack {
	uint64_t sp;
	uint32_t flags;
	uint32_t pad;
	uint64_t size;
};

/**
 * The kernel refuses to change the stack that the stack pointer is on (EPERM), and when
 * rt_sigreturn(2) does it, says nothing (kernel/signal.c, do_sigaltstack(),
 * restore_altstack()). So the call is made with a stack pointer that is on none.
 */
snap_err snap_set_altstack(struct snap_borrowed *borrowed, uint64_t scratch,
			   const struct snap_thread *wanted)
{
	struct stack stack = {
		.sp = wanted->altstack.sp,
		.flags = wanted->altstack.flags & ~(uint32_t)SS_ONSTACK,
		.size = wanted->altstack.size,
	};
	SNAP_TRY(snap_tracee_write(borrowed->tracee, scratch, &stack, sizeof(stack)));
	int64_t result;
	SNAP_TRY(snap_borrowed_call_off_stack(borrowed, SNAP_SYS_SIGALTSTACK,
					      SNAP_ARGS(scratch), &result));
	if (!result)
		return SNAP_OK;
	return snap_error_os((int)-result,
			     "the signal stack of thread %d cannot be set",
			     (int)borrowed->thread.tid);
}

static snap_err undo_altstack(struct snap_restorer *restorer,
			      const struct snap_step *step,
			      const uint64_t values[SNAP_UNDO_VALUES])
{
	return snap_set_altstack(snap_restorer_thread(restorer, step->tid),
				 restorer->room.data, step->is);
}

snap_err snap_do_altstack(struct snap_restorer *restorer, const struct snap_step *step)
{
	if (step->is)
		snap_restorer_push(restorer, "put a signal stack back", undo_altstack,
				   step, 0, 0, 0);
	return snap_set_altstack(snap_restorer_thread(restorer, step->tid),
				 restorer->room.data, step->wanted);
}
