#include "core/inject/altstack.h"

#include "core/tracee/memory.h"

snap_err snap_ask_altstack(struct snap_borrowed *borrowed, uint64_t scratch,
			   struct snap_thread *thread)
{
	int64_t result;
	SNAP_TRY(snap_borrowed_call(borrowed, SNAP_SYS_SIGALTSTACK,
				    SNAP_ARGS(0, scratch), &result));
	if (result < 0)
		return snap_error_os((int)-result,
				     "cannot ask thread %d for its signal stack",
				     (int)thread->tid);

	// stack_t of every 64-bit Linux (include/uapi/asm-generic/signal.h).
	struct {
		uint64_t sp;
		uint32_t flags;
		uint32_t pad;
		uint64_t size;
	} stack;

	SNAP_TRY(snap_tracee_read(borrowed->tracee, scratch, &stack, sizeof(stack)));
	thread->altstack.sp = stack.sp;
	thread->altstack.flags = stack.flags;
	thread->altstack.size = stack.size;
	thread->members |= SNAP_THREAD_ALTSTACK;
	return SNAP_OK;
}
